// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/driver.h"
#include "tsr/xclbin.h"

enum { MAX_IMAGE_BYTES = 1 << 28 };

tsr_status emu_image_write(const char *config_name, uint32_t memory_mib, const char *path) {
    tsr_config config;
    TSR_TRY(tsr_find_config(config_name, &config));
    tsr_xclbin_spec spec;
    tsr_xclbin_emulation_spec(&config, &spec);
    // Above 4 GiB, as the memories of cards are, so that the upper halves of addresses matter.
    tsr_xclbin_memory memory = spec.memories[0];
    memory.base = UINT64_C(0x4000000000);
    memory.kib = (uint64_t)memory_mib << 10;
    spec.memories = &memory;
    spec.memory_count = 1;
    uint8_t *bytes = NULL;
    size_t size = 0;
    TSR_TRY(tsr_xclbin_write(&spec, &bytes, &size));
    FILE *file = fopen(path, "wb");
    const bool written = file != NULL && fwrite(bytes, 1, size, file) == size;
    const bool closed = file != NULL && fclose(file) == 0;
    free(bytes);
    return written && closed ? tsr_ok() : tsr_error(TSR_IO, "cannot write %s: %s", path, strerror(errno));
}

static tsr_status find_kernel(const uint8_t *bytes, size_t size, const char *path, uint64_t *out_base) {
    tsr_xclbin *x;
    TSR_TRY(tsr_xclbin_read(bytes, size, path, &x));
    tsr_status status = tsr_error(TSR_UNSUPPORTED, "%s: has no kernel " TSR_XCLBIN_KERNEL, path);
    for (uint32_t i = 0; i < x->ip_count && status.code != TSR_OK; i++) {
        if (strncmp(x->ips[i].name, TSR_XCLBIN_KERNEL ":", sizeof TSR_XCLBIN_KERNEL) != 0)
            continue;
        *out_base = x->ips[i].base;
        status = tsr_ok();
    }
    tsr_xclbin_free(x);
    return status;
}

tsr_status emu_image_find_kernel(const char *path, uint64_t *out_base) {
    *out_base = 0;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(MAX_IMAGE_BYTES);
    const size_t size = file != NULL && bytes != NULL ? fread(bytes, 1, MAX_IMAGE_BYTES, file) : 0;
    tsr_status status;
    if (file == NULL)
        status = tsr_error(TSR_NOT_FOUND, "%s: %s", path, strerror(errno));
    else if (size == 0 || size == MAX_IMAGE_BYTES)
        status = tsr_error(TSR_IO, "%s: cannot be read, or is no xclbin", path);
    else
        status = find_kernel(bytes, size, path, out_base);
    if (file != NULL)
        fclose(file);
    free(bytes);
    return status;
}
