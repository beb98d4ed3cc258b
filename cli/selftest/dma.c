// SPDX-License-Identifier: Apache-2.0
// Memory as the accelerator sees it: LOAD, two moves, STORE. Buffers stay while their content changes, so that a cache which is
// not flushed or invalidated shows up as content of before.
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { AREA = 16384 };

typedef struct dma {
    bench *b;
    tsr_buffer *program, *from, *to;
    uint32_t program_bytes, bytes; // of `from` and `to`
} dma;

static void dma_close(dma *m) {
    tsr_buffer_free(m->b->device, m->program);
    tsr_buffer_free(m->b->device, m->from);
    tsr_buffer_free(m->b->device, m->to);
}

static case_result dma_open(dma *m, bench *b, uint32_t bytes) {
    *m = (dma){.b = b, .bytes = bytes, .program_bytes = STREAM_DATA + STREAM_INSNS * TSR_INSN_BYTES};
    if (b->config->block_in != b->config->block_out)
        return bench_skip(b, "a plain copy needs block_in = block_out; gemm and load test this memory instead");
    tsr_status status = tsr_buffer_alloc(b->device, m->program_bytes, &m->program);
    if (status.code == TSR_OK)
        status = tsr_buffer_alloc(b->device, bytes, &m->from);
    if (status.code == TSR_OK)
        status = tsr_buffer_alloc(b->device, bytes, &m->to);
    if (status.code == TSR_OK)
        return CASE_PASS;
    dma_close(m);
    return bench_error(b, "buffers", status);
}

// Largest piece that one LOAD, two moves and one STORE can carry.
static uint32_t piece_bytes(const tsr_config *c) {
    uint32_t entries = tsr_inp_entries(c);
    entries = entries < tsr_out_entries(c) ? entries : tsr_out_entries(c);
    entries = entries < tsr_acc_entries(c) ? entries : tsr_acc_entries(c);
    const uint32_t bytes = entries * c->block_in;
    return bytes < 4096 ? bytes : 4096;
}

static void append_copy(stream *im, uint32_t from, uint32_t to, uint32_t bytes) {
    const tsr_config *c = im->config;
    const uint32_t most = piece_bytes(c);
    for (uint32_t done = 0, piece; done < bytes; done += piece) {
        piece = bytes - done < most ? bytes - done : most;
        const uint32_t entries = (piece + c->block_in - 1) / c->block_in;
        stream_load(im, TSR_BUF_INP, 1, from + done, 0, piece)->load.plane = c->batch - 1;
        stream_alu(im, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_ACC, 0, 0, entries);
        stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, entries);
        stream_store(im, c->batch - 1, 0, to + done, piece);
    }
}

static case_result dma_run(dma *m, stream *im) {
    bench *b = m->b;
    if (im->full || im->size[0] > m->program_bytes)
        return bench_fail(b, "the test program does not fit its memory");
    memcpy(tsr_buffer_map(m->program), im->data[0], im->size[0]);
    BENCH_TRY(b, "sync to the device", tsr_buffer_sync_to_device(b->device, m->program, 0, im->size[0]));
    const tsr_run run = {.segment = {m->program, m->from, m->to}, .insn_offset = im->insn_offset, .insn_count = im->insn_count};
    BENCH_TRY(b, "start", tsr_device_submit(b->device, &run));
    BENCH_TRY(b, "a copy", tsr_device_wait(b->device, BENCH_RUN_MS, NULL, NULL));
    return CASE_PASS;
}

static uint8_t inverse(uint8_t byte) { return byte ^ 0xff; }

// The device copies bytes [from, from + size) to [to, ...). Both buffers hold other content than in the copy before.
static case_result check_copy(dma *m, const char *name, const uint8_t *content, uint32_t from, uint32_t to, uint32_t size) {
    bench *b = m->b;
    uint8_t *source = tsr_buffer_map(m->from), *target = tsr_buffer_map(m->to);
    stream *im = stream_new(b->config, 0, 0);
    if (im == NULL)
        return bench_fail(b, "no memory");
    memcpy(source, content, m->bytes);
    for (uint32_t i = 0; i < m->bytes; i++)
        target[i] = inverse(content[i]);
    append_copy(im, from, to, size);
    stream_seal(im);
    tsr_status status = tsr_buffer_sync_to_device(b->device, m->from, 0, m->bytes);
    if (status.code == TSR_OK)
        status = tsr_buffer_sync_to_device(b->device, m->to, 0, m->bytes);
    case_result result = status.code == TSR_OK ? dma_run(m, im) : bench_error(b, name, status);
    stream_free(im);
    BENCH_PASS(result);
    BENCH_TRY(b, name, tsr_buffer_sync_from_device(b->device, m->to, 0, m->bytes));
    for (uint32_t i = 0; i < m->bytes; i++) {
        const bool inside = i >= to && i < to + size;
        const uint8_t want = inside ? content[from + i - to] : inverse(content[i]);
        if (target[i] == want)
            continue;
        if (inside && target[i] == inverse(content[i]))
            return bench_fail(b, "%s, %u bytes from %u to %u: byte %u was not written, or the host reads what was there before",
                              name, size, from, to, i);
        return bench_fail(b, "%s, %u bytes from %u to %u: byte %u (%s) is 0x%02x instead of 0x%02x, bits 0x%02x differ", name,
                          size, from, to, i, inside ? "copied" : "not to be touched", target[i], want, target[i] ^ want);
    }
    b->checks++;
    return CASE_PASS;
}

typedef struct pattern {
    const char *name;
    uint32_t variants;
} pattern;
static const pattern patterns[] = {{"walking ones", 64}, {"walking zeros", 64}, {"address in address", 1}, {"its complement", 1},
                                   {"0x55 and 0xaa", 1}, {"all zeros", 1},      {"all ones", 1},           {"random", 1}};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

// 64-bit words; the bit walks from word to word, and with the variant.
static void fill_pattern(uint8_t *bytes, uint32_t size, uint32_t kind, uint32_t variant, dice *d) {
    for (uint32_t i = 0; i < size / 8; i++) {
        const uint64_t one = UINT64_C(1) << ((i + variant) & 63), address = (uint64_t)(i * 8 + 4) << 32 | i * 8;
        const uint64_t words[PATTERNS] = {
            one, ~one,       address,     ~address, i % 2 == 0 ? UINT64_C(0x5555555555555555) : UINT64_C(0xaaaaaaaaaaaaaaaa),
            0,   UINT64_MAX, dice_next(d)};
        for (int b = 0; b < 8; b++)
            bytes[8 * i + (uint32_t)b] = (uint8_t)(words[kind] >> (8 * b));
    }
}

case_result case_dma_patterns(bench *b) {
    dma m;
    dice d = {b->seed + 2};
    BENCH_PASS(dma_open(&m, b, b->quick ? 2048 : AREA));
    uint8_t content[AREA];
    case_result result = CASE_PASS;
    for (uint32_t p = 0; p < PATTERNS && result == CASE_PASS; p++) {
        const uint32_t step = b->quick ? 29 : 13; // of the walking bit: every position is met within a run as it is
        for (uint32_t v = 0; v < patterns[p].variants && result == CASE_PASS; v += step) {
            fill_pattern(content, m.bytes, p, v, &d);
            result = check_copy(&m, patterns[p].name, content, 0, 0, m.bytes);
        }
    }
    dma_close(&m);
    return result;
}

case_result case_dma_sizes(bench *b) {
    dma m;
    dice d = {b->seed + 3};
    BENCH_PASS(dma_open(&m, b, AREA));
    const uint32_t bus = b->config->bus_bytes;
    const uint32_t sizes[] = {1, 2, 7, bus - 1, bus, bus + 1, 3 * bus + 5, 255, 1023, 4096, 4099};
    const uint32_t offsets[] = {0, 1, bus - 1, bus, 4096 - 1, 4096 - bus, 8191};
    enum { SIZES = sizeof sizes / sizeof sizes[0], OFFSETS = sizeof offsets / sizeof offsets[0] };
    uint8_t content[AREA];
    case_result result = CASE_PASS;
    const uint32_t step = b->quick ? 5 : 1;
    for (uint32_t n = 0; n < SIZES * OFFSETS * OFFSETS && result == CASE_PASS; n += step) {
        const uint32_t from = offsets[n % OFFSETS], to = offsets[n / OFFSETS % OFFSETS], size = sizes[n / OFFSETS / OFFSETS];
        if (n % 4 == 0 || b->quick)
            dice_fill(&d, content, sizeof content);
        result = check_copy(&m, "a copy", content, from, to, size);
        // Most of it takes long on a simulator: every size, with every offset on one side.
        if (!b->quick && from != to && from != 0 && to != 0)
            n += 2;
    }
    dma_close(&m);
    return result;
}

// ---- address lines ----------------------------------------------------------------------------------------------------

enum { MARK = 8, MOST_PLACES = 64 };

static uint32_t pick_places(uint32_t bytes, uint32_t places[MOST_PLACES]) {
    uint32_t count = 0;
    places[count++] = 0;
    for (uint32_t p = 16; p < bytes; p *= 2) {
        places[count++] = p;
        places[count++] = bytes - MARK - (p < bytes / 2 ? p : 0);
    }
    return count;
}

static void put_word(uint8_t *to, uint64_t value) {
    for (int i = 0; i < MARK; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

// A large buffer whose words hold their addresses. The device gathers words from all over it, and scatters marks.
static case_result check_addresses(dma *m, const uint32_t *places, uint32_t count) {
    bench *b = m->b;
    uint8_t *from = tsr_buffer_map(m->from), *to = tsr_buffer_map(m->to);
    stream *im = stream_new(b->config, 0, 0);
    if (im == NULL)
        return bench_fail(b, "no memory");
    for (uint32_t i = 0; i < m->bytes; i += MARK) {
        put_word(from + i, UINT64_C(0x5a3c000000000000) + i);
        put_word(to + i, UINT64_C(0xc3a5000000000000) + i);
    }
    for (uint32_t i = 0; i < count; i++)
        append_copy(im, places[i], places[count - 1 - i], MARK);
    stream_seal(im);
    tsr_status status = tsr_buffer_sync_to_device(b->device, m->from, 0, m->bytes);
    if (status.code == TSR_OK)
        status = tsr_buffer_sync_to_device(b->device, m->to, 0, m->bytes);
    case_result result = status.code == TSR_OK ? dma_run(m, im) : bench_error(b, "addresses", status);
    stream_free(im);
    BENCH_PASS(result);
    BENCH_TRY(b, "addresses", tsr_buffer_sync_from_device(b->device, m->to, 0, m->bytes));
    uint8_t *want = malloc(m->bytes);
    if (want == NULL)
        return bench_fail(b, "no memory");
    for (uint32_t i = 0; i < m->bytes; i += MARK)
        put_word(want + i, UINT64_C(0xc3a5000000000000) + i);
    for (uint32_t i = 0; i < count; i++)
        memcpy(want + places[count - 1 - i], from + places[i], MARK);
    for (uint32_t i = 0; i < m->bytes && result == CASE_PASS; i++)
        if (to[i] != want[i])
            result = bench_fail(b, "a buffer of %u bytes: byte %u is 0x%02x instead of 0x%02x", m->bytes, i, to[i], want[i]);
    free(want);
    b->checks += count;
    return result;
}

case_result case_dma_addresses(bench *b) {
    uint32_t bytes = b->quick ? 1U << 20 : 16U << 20;
    while (bytes > b->info.max_buffer_bytes / 2)
        bytes /= 2;
    dma m;
    uint32_t places[MOST_PLACES];
    BENCH_PASS(dma_open(&m, b, bytes));
    const case_result result = check_addresses(&m, places, pick_places(bytes, places));
    dma_close(&m);
    return result;
}
