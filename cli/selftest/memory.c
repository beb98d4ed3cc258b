// SPDX-License-Identifier: Apache-2.0
// What the device says about itself, and its memory as the host sees it.
#include <stdint.h>
#include <string.h>

#include "bench.h"

case_result case_identity(bench *b) {
    const tsr_device_info *info = &b->info;
    char text[TSR_CONFIG_TEXT_BYTES];
    tsr_config again;
    if (info->isa_version >> 16 != TSR_ISA_MAJOR)
        return bench_fail(b, "instruction set %u.%u; this program is made for %d.%d", info->isa_version >> 16,
                          info->isa_version & 0xffff, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    const size_t length = tsr_config_print(&info->config, text, sizeof text);
    BENCH_TRY(b, "the device's configuration", tsr_config_parse(text, length, "configuration", &again));
    if (tsr_config_id(&again) != tsr_config_id(&info->config))
        return bench_fail(b, "the configuration %s does not have its identity", info->config.name);
    if (info->max_buffer_bytes < 1 << 20)
        return bench_fail(b, "buffers of at most %llu bytes; networks need more", (unsigned long long)info->max_buffer_bytes);
    b->checks += 4;
    bench_skip(b, "identity 0x%016llx, instruction set %u.%u", (unsigned long long)tsr_config_id(&info->config),
               info->isa_version >> 16, info->isa_version & 0xffff);
    return CASE_PASS;
}

static const uint64_t sizes[] = {1, 63, 64, 65, 4095, 4096, 4097, 100000, 1 << 20};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static case_result check_new_buffer(bench *b, uint64_t size) {
    tsr_buffer *buffer;
    BENCH_TRY(b, "a new buffer", tsr_buffer_alloc(b->device, size, &buffer));
    uint8_t *bytes = tsr_buffer_map(buffer);
    case_result result = CASE_PASS;
    if ((uintptr_t)bytes % 64 != 0)
        result = bench_fail(b, "a buffer of %llu bytes is not aligned to 64", (unsigned long long)size);
    const tsr_status status = tsr_buffer_sync_from_device(b->device, buffer, 0, size);
    if (status.code != TSR_OK)
        result = bench_error(b, "reading a new buffer", status);
    for (uint64_t i = 0; i < size && result == CASE_PASS; i++)
        if (bytes[i] != 0)
            result = bench_fail(b, "a new buffer of %llu bytes holds 0x%02x at %llu", (unsigned long long)size, bytes[i],
                                (unsigned long long)i);
    // What the next one must not show.
    memset(bytes, 0xff, size);
    (void)tsr_buffer_sync_to_device(b->device, buffer, 0, size);
    tsr_buffer_free(b->device, buffer);
    b->checks++;
    return result;
}

case_result case_buffers(bench *b) {
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < SIZES; i++)
            BENCH_PASS(check_new_buffer(b, sizes[i]));
    tsr_buffer *buffer;
    if (tsr_buffer_alloc(b->device, UINT64_MAX, &buffer).code == TSR_OK)
        return bench_fail(b, "a buffer of 2^64 - 1 bytes was given");
    BENCH_TRY(b, "a buffer", tsr_buffer_alloc(b->device, 100, &buffer));
    const tsr_code beyond = tsr_buffer_sync_from_device(b->device, buffer, 50, 51).code;
    tsr_buffer_free(b->device, buffer);
    b->checks += 2;
    return beyond == TSR_OUT_OF_RANGE ? CASE_PASS : bench_fail(b, "a sync beyond the end of a buffer is not refused");
}

// The host writes all, then again a part, then reads parts and all.
static case_result check_sync(bench *b, tsr_buffer *buffer, uint64_t size, dice *d) {
    uint8_t *bytes = tsr_buffer_map(buffer);
    const uint64_t salt = dice_next(d);
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((i * 0x9e3779b1U + salt) >> 11);
    BENCH_TRY(b, "sync to the device", tsr_buffer_sync_to_device(b->device, buffer, 0, size));
    const uint64_t offset = dice_next(d) % size, part = 1 + dice_next(d) % (size - offset);
    for (uint64_t i = offset; i < offset + part; i++)
        bytes[i] = (uint8_t)~bytes[i];
    BENCH_TRY(b, "sync of a part to the device", tsr_buffer_sync_to_device(b->device, buffer, offset, part));
    BENCH_TRY(b, "sync from the device", tsr_buffer_sync_from_device(b->device, buffer, 0, size));
    for (uint64_t i = 0; i < size; i++) {
        const uint8_t plain = (uint8_t)((i * 0x9e3779b1U + salt) >> 11);
        const uint8_t want = i >= offset && i < offset + part ? (uint8_t)~plain : plain;
        if (bytes[i] != want)
            return bench_fail(b, "%llu bytes there and back, %llu at %llu again: byte %llu is 0x%02x instead of 0x%02x",
                              (unsigned long long)size, (unsigned long long)part, (unsigned long long)offset,
                              (unsigned long long)i, bytes[i], want);
    }
    b->checks++;
    return CASE_PASS;
}

case_result case_sync(bench *b) {
    dice d = {b->seed + 1};
    for (int i = 0; i < SIZES; i++) {
        tsr_buffer *buffer;
        BENCH_TRY(b, "a buffer", tsr_buffer_alloc(b->device, sizes[i], &buffer));
        case_result result = CASE_PASS;
        for (int round = 0; round < 4 && result == CASE_PASS; round++)
            result = check_sync(b, buffer, sizes[i], &d);
        tsr_buffer_free(b->device, buffer);
        BENCH_PASS(result);
    }
    return CASE_PASS;
}
