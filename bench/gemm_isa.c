// SPDX-License-Identifier: Apache-2.0
#include "gemm_isa.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/insn.h"

enum {
    LEAD = 2,         // steps that loads are ahead of GEMM in the first strip
    STORE_BLOCKS = 8, // blocks of columns that STORE writes at once, when they fit
    RSHIFT = 10,
    ZERO_POINT = 3,
};

static uint32_t round_up(uint32_t n, uint32_t step) { return (n + step - 1) / step * step; }

// The largest divisor of n that is not above limit.
static uint32_t divisor(uint32_t n, uint32_t limit) {
    for (uint32_t d = limit < n ? limit : n; d > 1; d--)
        if (n % d == 0)
            return d;
    return 1;
}

tsr_status gemm_plan(gemm_problem *p) {
    const tsr_config *c = p->config;
    if (p->m % c->batch != 0 || p->n % c->block_out != 0 || p->k % c->block_in != 0)
        return tsr_error(TSR_UNSUPPORTED, "m, n and k must be multiples of %u, %u and %u on %s", c->batch, c->block_out,
                         c->block_in, c->name);
    p->k_blocks = p->k / c->block_in;
    p->n_blocks = p->n / c->block_out;
    p->step_uops = p->k_blocks + 1;
    if (p->k_blocks * p->n_blocks > tsr_wgt_entries(c))
        return tsr_error(TSR_UNSUPPORTED, "the %ux%u weights do not fit into WGT of %s (%u bytes)", p->k, p->n, c->name,
                         c->wgt_buffer);
    if (2 * p->n_blocks * p->step_uops > tsr_uop_entries(c) || p->n_blocks > tsr_par_entries(c) ||
        2 * p->k_blocks > tsr_inp_entries(c))
        return tsr_error(TSR_UNSUPPORTED, "k = %u or n = %u is too large for the buffers of %s", p->k, p->n, c->name);
    uint32_t rows = p->m / c->batch, limit = tsr_inp_entries(c) / 2 / p->k_blocks;
    if (limit > tsr_acc_entries(c) / 2)
        limit = tsr_acc_entries(c) / 2;
    if (limit > tsr_out_entries(c) / 2)
        limit = tsr_out_entries(c) / 2;
    p->strip_rows = divisor(rows, limit);
    p->strips = rows / p->strip_rows;
    limit = tsr_out_entries(c) / 2 / p->strip_rows;
    p->store_blocks = divisor(p->n_blocks, limit < STORE_BLOCKS ? limit : STORE_BLOCKS);
    p->store_steps = p->n_blocks / p->store_blocks;

    // A, strip by strip, and in the first strip micro-ops, weights and parameters step by step.
    uint32_t loads = p->strips * c->batch + 3 * p->n_blocks + (p->strips > 1);
    p->insn_count = loads + p->strips * (2 * p->n_blocks + p->store_steps * c->batch) + 1;
    p->uop_offset = round_up(p->insn_count * TSR_INSN_BYTES, 64);
    p->weight_offset = round_up((uint32_t)p->uop_offset + 2 * p->n_blocks * p->step_uops * TSR_UOP_BYTES, 64);
    p->param_offset = p->weight_offset + (uint64_t)p->k * p->n;
    p->const_bytes = p->param_offset + (uint64_t)p->n_blocks * tsr_par_entry_bytes(c);
    p->c_offset = round_up(p->m * p->k, 64);
    p->c_bytes = (uint64_t)p->m * p->n;
    p->work_bytes = p->c_offset + p->c_bytes;
    return tsr_ok();
}

// ---- instructions ---------------------------------------------------------------------------------------------------

typedef struct stream {
    const gemm_problem *p;
    uint8_t *at;
    uint32_t count;
} stream;

enum {
    FROM_LOAD = 1 << TSR_UNIT_LOAD,
    FROM_GEMM = 1 << TSR_UNIT_GEMM,
    FROM_ALU = 1 << TSR_UNIT_ALU,
    FROM_STORE = 1 << TSR_UNIT_STORE
};
enum { TO_LOAD = FROM_LOAD, TO_GEMM = FROM_GEMM, TO_ALU = FROM_ALU, TO_STORE = FROM_STORE };

static void emit(stream *s, tsr_insn insn, uint32_t wait, uint32_t signal) {
    insn.wait = wait;
    insn.signal = signal;
    if (s->count == s->p->insn_count || tsr_insn_encode(&insn, s->at).code != TSR_OK)
        abort(); // the plan counts wrong, or a number that gemm_plan let pass does not fit its field
    s->at += TSR_INSN_BYTES;
    s->count++;
}

static void load_a(stream *s, uint32_t strip, bool signals) {
    const gemm_problem *p = s->p;
    const tsr_config *c = p->config;
    for (uint32_t plane = 0; plane < c->batch; plane++) {
        tsr_insn insn = {.opcode = TSR_OP_LOAD,
                         .load = {.buffer = TSR_BUF_INP,
                                  .segment = 1,
                                  .plane = plane,
                                  .dram_offset = (strip * c->batch + plane) * p->strip_rows * p->k,
                                  .sram_addr = (strip & 1) * (tsr_inp_entries(c) / 2) * c->block_in,
                                  .run = p->k,
                                  .x_count = p->strip_rows,
                                  .y_count = 1,
                                  .x_stride = p->k,
                                  .sram_x_stride = p->k}};
        emit(s, insn, strip >= 2 && plane == 0 ? FROM_GEMM : 0, signals && plane + 1 == c->batch ? TO_GEMM : 0);
    }
}

static void load_constants(stream *s, uint32_t buffer, uint64_t offset, uint32_t sram_addr, uint32_t run, uint32_t steps,
                           bool signals) {
    tsr_insn insn = {.opcode = TSR_OP_LOAD,
                     .load = {.buffer = buffer,
                              .dram_offset = (uint32_t)offset,
                              .sram_addr = sram_addr,
                              .run = run,
                              .x_count = steps,
                              .y_count = 1,
                              .x_stride = run,
                              .sram_x_stride = run}};
    emit(s, insn, 0, signals ? TO_GEMM : 0);
}

// What a step of the first strip needs.
static void load_step(stream *s, uint32_t block) {
    const gemm_problem *p = s->p;
    const tsr_config *c = p->config;
    uint32_t uops = p->step_uops * TSR_UOP_BYTES, weights = p->k_blocks * tsr_wgt_entry_bytes(c), params = tsr_par_entry_bytes(c);
    load_constants(s, TSR_BUF_UOP, p->uop_offset + block * uops, block * uops, uops, 1, false);
    load_constants(s, TSR_BUF_PAR, p->param_offset + block * params, block * params, params, 1, false);
    load_constants(s, TSR_BUF_WGT, p->weight_offset + (uint64_t)block * weights, block * weights, tsr_wgt_entry_bytes(c),
                   p->k_blocks, true);
}

static uint32_t list_of(const gemm_problem *p, uint32_t strip, uint32_t block) {
    return ((strip & 1) * p->n_blocks + block) * p->step_uops;
}

static void compute_step(stream *s, uint32_t strip, uint32_t block) {
    const gemm_problem *p = s->p;
    const tsr_config *c = p->config;
    uint32_t step = strip * p->n_blocks + block, steps = p->strips * p->n_blocks;
    uint32_t group = step / p->store_blocks, groups = steps / p->store_blocks;
    bool first_of_group = block % p->store_blocks == 0, last_of_group = block % p->store_blocks == p->store_blocks - 1;

    tsr_insn gemm = {.opcode = TSR_OP_GEMM,
                     .gemm = {.overwrite = 1,
                              .uop_begin = list_of(p, strip, block),
                              .uop_count = p->k_blocks,
                              .count0 = 1,
                              .count1 = p->strip_rows,
                              .acc1 = 1,
                              .inp1 = p->k_blocks}};
    bool loads = strip == 0 || block == 0, frees_inp = block + 1 == p->n_blocks && strip + 2 < p->strips;
    emit(s, gemm, (loads ? FROM_LOAD : 0) | (step >= 2 ? FROM_ALU : 0), TO_ALU | (frees_inp ? TO_LOAD : 0));

    tsr_insn alu = {.opcode = TSR_OP_ALU,
                    .alu = {.op = TSR_ALU_MOV,
                            .src_kind = TSR_SRC_ACC,
                            .rescale = 1,
                            .clip = 1,
                            .dst_kind = TSR_DST_OUT,
                            .uop_begin = list_of(p, strip, block) + p->k_blocks,
                            .uop_count = 1,
                            .count0 = 1,
                            .count1 = p->strip_rows,
                            .dst1 = p->store_blocks,
                            .src1 = 1,
                            .imm = ZERO_POINT,
                            .lo = -128,
                            .hi = 127}};
    emit(s, alu, FROM_GEMM | (first_of_group && group >= 2 ? FROM_STORE : 0),
         (step + 2 < steps ? TO_GEMM : 0) | (last_of_group ? TO_STORE : 0));

    for (uint32_t plane = 0; last_of_group && plane < c->batch; plane++) {
        uint32_t bytes = p->store_blocks * c->block_out;
        tsr_insn store = {.opcode = TSR_OP_STORE,
                          .store = {.segment = 1,
                                    .plane = plane,
                                    .dram_offset = (uint32_t)p->c_offset + (strip * c->batch + plane) * p->strip_rows * p->n +
                                                   (block + 1 - p->store_blocks) * c->block_out,
                                    .sram_addr = (group & 1) * (tsr_out_entries(c) / 2) * c->block_out,
                                    .run = bytes,
                                    .x_count = 1,
                                    .y_count = p->strip_rows,
                                    .y_stride = p->n,
                                    .sram_y_stride = bytes}};
        emit(s, store, plane == 0 ? FROM_ALU : 0, plane + 1 == c->batch && group + 2 < groups ? TO_ALU : 0);
    }
}

static void write_stream(const gemm_problem *p, uint8_t *constants) {
    stream s = {p, constants, 0};
    uint32_t loaded = 0;
    load_a(&s, 0, false); // the first step's weights carry the token
    for (uint32_t strip = 0; strip < p->strips; strip++) {
        for (uint32_t block = 0; block < p->n_blocks; block++) {
            while (strip == 0 && loaded < p->n_blocks && loaded <= block + LEAD)
                load_step(&s, loaded++);
            bool next_strip =
                strip == 0 ? loaded == p->n_blocks && (block + LEAD + 1 == p->n_blocks || (block == 0 && p->n_blocks <= LEAD + 1))
                           : block == 0;
            if (next_strip && strip + 1 < p->strips) {
                uint32_t uops = p->step_uops * TSR_UOP_BYTES;
                if (strip == 0) // the micro-ops of odd strips
                    load_constants(&s, TSR_BUF_UOP, p->uop_offset + (uint64_t)p->n_blocks * uops, p->n_blocks * uops, uops,
                                   p->n_blocks, false);
                load_a(&s, strip + 1, true);
            }
            compute_step(&s, strip, block);
        }
    }
    emit(&s, (tsr_insn){.opcode = TSR_OP_FINISH}, 0, 0);
    if (s.count != p->insn_count)
        abort();
}

static void write_uops(const gemm_problem *p, uint8_t *constants) {
    const tsr_config *c = p->config;
    for (uint32_t parity = 0; parity < 2; parity++) {
        for (uint32_t block = 0; block < p->n_blocks; block++) {
            uint8_t *at = constants + p->uop_offset + (uint64_t)list_of(p, parity, block) * TSR_UOP_BYTES;
            uint32_t step = parity * p->n_blocks + block, group = step / p->store_blocks;
            uint32_t acc = (step & 1) * (tsr_acc_entries(c) / 2), inp = parity * (tsr_inp_entries(c) / 2);
            for (uint32_t k = 0; k < p->k_blocks; k++, at += TSR_UOP_BYTES) {
                uint64_t word = tsr_uop_pack((tsr_uop){.dst = (uint16_t)acc,
                                                       .src = (uint16_t)(inp + k),
                                                       .par = (uint16_t)(block * p->k_blocks + k),
                                                       .first = k == 0});
                memcpy(at, &word, TSR_UOP_BYTES);
            }
            uint64_t word =
                tsr_uop_pack((tsr_uop){.dst = (uint16_t)((group & 1) * (tsr_out_entries(c) / 2) + block % p->store_blocks),
                                       .src = (uint16_t)acc,
                                       .par = (uint16_t)block});
            memcpy(at, &word, TSR_UOP_BYTES);
        }
    }
}

// ---- data -----------------------------------------------------------------------------------------------------------

static uint32_t random_state;
static uint32_t next_random(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

// isa/spec.md, RESCALE, for a multiplier in [2^30, 2^31) and no left shift.
static int32_t rescale(int32_t value, int32_t bias, int32_t multiplier) {
    int64_t product = ((int64_t)(int32_t)((uint32_t)value + (uint32_t)bias) * multiplier + (1 << 30)) >> 31;
    int32_t v = (int32_t)product, mask = (1 << RSHIFT) - 1, rest = v & mask, threshold = (mask >> 1) + (v < 0);
    return (v >> RSHIFT) + (rest > threshold) + ZERO_POINT;
}

void gemm_fill(const gemm_problem *p, uint8_t *constants, uint8_t *work, uint8_t *expected) {
    const tsr_config *c = p->config;
    int8_t *weights = malloc((size_t)p->k * p->n), *a = (int8_t *)work; // weights by column, so that the reference is quick
    if (weights == NULL)
        abort();
    random_state = 1;
    for (uint32_t i = 0; i < p->m * p->k; i++)
        a[i] = (int8_t)next_random();
    for (uint32_t i = 0; i < p->n * p->k; i++)
        weights[i] = (int8_t)next_random();
    memset(work + p->m * p->k, 0, p->work_bytes - p->m * p->k);
    for (uint32_t n = 0; n < p->n; n++) {
        uint32_t block = n / c->block_out, o = n % c->block_out;
        for (uint32_t k = 0; k < p->k; k++) {
            uint64_t entry = (uint64_t)block * p->k_blocks + k / c->block_in;
            constants[p->weight_offset + entry * tsr_wgt_entry_bytes(c) + o * c->block_in + k % c->block_in] =
                (uint8_t)weights[n * p->k + k];
        }
        int32_t bias = (int32_t)(next_random() % 20000) - 10000, multiplier = (1 << 30) + (int32_t)(next_random() % (1 << 29));
        uint8_t *param = constants + p->param_offset + (uint64_t)n * 12;
        memcpy(param, &bias, 4);
        memcpy(param + 4, &multiplier, 4);
        param[8] = 0;
        param[9] = RSHIFT;
        param[10] = param[11] = 0;
        for (uint32_t m = 0; m < p->m; m++) {
            int32_t sum = 0;
            for (uint32_t k = 0; k < p->k; k++)
                sum += a[m * p->k + k] * weights[n * p->k + k];
            int32_t v = rescale(sum, bias, multiplier);
            expected[(uint64_t)m * p->n + n] = (uint8_t)(int8_t)(v < -128 ? -128 : v > 127 ? 127 : v);
        }
    }
    free(weights);
    write_uops(p, constants);
    write_stream(p, constants);
}
