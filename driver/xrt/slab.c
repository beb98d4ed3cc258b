// SPDX-License-Identifier: Apache-2.0
#include "slab.h"

#include <stdlib.h>
#include <string.h>

// The first run of free pages that is long enough, or SLAB_PAGES.
static uint32_t find_pages(const slab *s, uint32_t pages) {
    for (uint32_t first = 0, length = 0; first + length < SLAB_PAGES;) {
        if (s->used[first + length]) {
            first += length + 1;
            length = 0;
        } else if (++length == pages) {
            return first;
        }
    }
    return SLAB_PAGES;
}

static slab *add_slab(const xrt_api *api, xrtDeviceHandle device, xrtMemoryGroup group, slab **slabs) {
    slab *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->parent = api->xrtBOAlloc(device, (size_t)SLAB_PAGES * SLAB_PAGE, XRT_BO_FLAGS_NONE, group);
    if (s->parent == NULL) {
        free(s);
        return NULL;
    }
    s->next = *slabs;
    *slabs = s;
    return s;
}

static void drop_if_empty(const xrt_api *api, slab **slabs, slab *s) {
    if (s->used_pages != 0)
        return;
    for (slab **link = slabs; *link != NULL; link = &(*link)->next) {
        if (*link == s) {
            *link = s->next;
            break;
        }
    }
    (void)api->xrtBOFree(s->parent);
    free(s);
}

bool slab_take(const xrt_api *api, xrtDeviceHandle device, xrtMemoryGroup group, slab **slabs, size_t size, slab_part *out) {
    const uint32_t pages = (uint32_t)((size + SLAB_PAGE - 1) / SLAB_PAGE);
    slab *s = *slabs;
    while (s != NULL && find_pages(s, pages) == SLAB_PAGES)
        s = s->next;
    if (s == NULL)
        s = add_slab(api, device, group, slabs);
    if (s == NULL)
        return false;
    const uint32_t first = find_pages(s, pages);
    *out = (slab_part){.slab = s, .first = first, .pages = pages};
    out->handle = api->xrtBOSubAlloc(s->parent, (size_t)pages * SLAB_PAGE, (size_t)first * SLAB_PAGE);
    if (out->handle == NULL) {
        drop_if_empty(api, slabs, s);
        return false;
    }
    memset(s->used + first, true, pages);
    s->used_pages += pages;
    return true;
}

void slab_give_back(const xrt_api *api, slab **slabs, slab_part *part) {
    slab *s = part->slab;
    (void)api->xrtBOFree(part->handle);
    memset(s->used + part->first, false, part->pages);
    s->used_pages -= part->pages;
    drop_if_empty(api, slabs, s);
}
