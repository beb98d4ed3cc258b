// SPDX-License-Identifier: Apache-2.0
// Small buffers as sub-buffers of larger buffer objects: each object of its own costs a call into the kernel and pinned pages.
#ifndef XRT_SLAB_H
#define XRT_SLAB_H

#include "api.h"

enum { SLAB_PAGE = 4096, SLAB_PAGES = 256, SLAB_LARGEST = 64 * 1024 };

typedef struct slab slab;
struct slab {
    slab *next;
    xrtBufferHandle parent;
    uint32_t used_pages;
    bool used[SLAB_PAGES];
};

// A place in a slab.
typedef struct slab_part {
    slab *slab; // NULL: a buffer object of its own
    uint32_t first, pages;
    xrtBufferHandle handle;
} slab_part;

// size: at most SLAB_LARGEST. Takes another buffer object when no slab has room; false when there is none to be had.
bool slab_take(const xrt_api *api, xrtDeviceHandle device, xrtMemoryGroup group, slab **slabs, size_t size, slab_part *out);
void slab_give_back(const xrt_api *api, slab **slabs, slab_part *part); // frees a slab that nobody uses any more

#endif
