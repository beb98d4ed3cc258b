// SPDX-License-Identifier: Apache-2.0
#include "tsr/accel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schedule.h"

tsr_status tsr_accel_create(tsr_arena *arena, const tsr_config *config, tsr_blob *consts, tsr_accel **out_accel) {
    tsr_accel *accel = TSR_NEW(arena, tsr_accel);
    accel->arena = arena;
    accel->config = config;
    accel->consts = consts;
    stream_begin(accel);
    *out_accel = accel;
    return tsr_ok();
}

void tsr_accel_on_schedule(tsr_accel *accel, tsr_status (*callback)(void *context, const tsr_tensor_function *f), void *context) {
    accel->on_schedule = callback;
    accel->schedule_context = context;
}

typedef struct family {
    tsr_op op;
    tsr_status (*schedule)(const job *j);
    bool (*supported)(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason);
} family;

static const family families[] = {
    {TSR_OP_CONV, schedule_conv, conv_supported},
    {TSR_OP_FULLY_CONNECTED, schedule_conv, conv_supported},
    {TSR_OP_MAX_POOL, schedule_pool, pool_supported},
    {TSR_OP_AVERAGE_POOL, schedule_pool, pool_supported},
    {TSR_OP_MEAN, schedule_pool, pool_supported},
    {TSR_OP_ADD, schedule_elementwise, elementwise_supported},
    {TSR_OP_SUB, schedule_elementwise, elementwise_supported},
    {TSR_OP_MUL, schedule_elementwise, elementwise_supported},
    {TSR_OP_CLIP, schedule_elementwise, elementwise_supported},
    {TSR_OP_QUANTIZE, schedule_elementwise, elementwise_supported},
    {TSR_OP_CONCAT, schedule_concat, move_supported},
    {TSR_OP_PAD, schedule_pad, move_supported},
};

static const family *family_of(tsr_op op) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (families[i].op == op)
            return &families[i];
    return NULL;
}

bool tsr_accel_supports(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles,
                        char reason[TSR_PLACE_REASON_BYTES]) {
    *out_cycles = 0;
    const family *f = family_of(node->op);
    if (f == NULL) {
        snprintf(reason, TSR_PLACE_REASON_BYTES, "the accelerator has no %s", tsr_op_name(node->op));
        return false;
    }
    if (!node->requant.valid && f->supported != move_supported) {
        snprintf(reason, TSR_PLACE_REASON_BYTES, "not quantised");
        return false;
    }
    for (uint32_t i = 0; i < node->input_count + node->output_count; i++) {
        tsr_id id = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
        const tsr_tensor *t = id == TSR_NO_ID ? NULL : tensor_of(graph, id);
        if (t != NULL && t->data == NULL && t->dtype != TSR_I8) {
            snprintf(reason, TSR_PLACE_REASON_BYTES, "activations of type %s, not int8", tsr_dtype_name(t->dtype));
            return false;
        }
    }
    snprintf(reason, TSR_PLACE_REASON_BYTES, "quantised %s", tsr_op_name(node->op));
    return f->supported(graph, node, config, out_cycles, reason);
}

bool tsr_accel_fuses(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config) {
    return (node->op == TSR_OP_CONV || node->op == TSR_OP_FULLY_CONNECTED) && conv_takes_add(graph, node, add, config);
}

tsr_status tsr_accel_add_node(tsr_accel *accel, const tsr_graph *graph, const tsr_node *node, const tsr_node *add,
                              tsr_tbuffer *const *work, uint32_t *out_first_insn, uint32_t *out_insn_count) {
    *out_first_insn = accel->insn_count;
    *out_insn_count = 0;
    const family *f = family_of(node->op);
    if (f == NULL)
        return tsr_error(TSR_INTERNAL, "%s: placed on the accelerator, which has no %s", node->name, tsr_op_name(node->op));
    tsr_arena *arena = tsr_arena_create();
    scheduler s;
    scheduler_begin(&s, arena, accel->config, node->name);
    job j = {accel, graph, node, add, work, &s};
    tsr_status status = f->schedule(&j);
    if (status.code == TSR_OK)
        status = emit_program(accel, scheduler_end(&s));
    tsr_arena_free(arena);
    *out_insn_count = accel->insn_count - *out_first_insn;
    return tsr_annotate(status, "%s", node->name);
}

tsr_status tsr_accel_end_stream(tsr_accel *accel, uint32_t *out_insn_offset, uint32_t *out_insn_count) {
    *out_insn_offset = *out_insn_count = 0;
    uint32_t count = accel->insn_count + 1;
    size_t offset = tsr_blob_append(accel->consts, NULL, (size_t)count * TSR_INSN_BYTES, 64);
    if (offset + (size_t)count * TSR_INSN_BYTES > UINT32_MAX)
        return tsr_error(TSR_UNSUPPORTED, "the model's constants do not fit the 4 GiB of a segment");
    tsr_tokens tokens;
    memset(&tokens, 0, sizeof tokens);
    for (uint32_t i = 0; i < accel->insn_count; i++) {
        accel->insns[i].signal = tracker_signals(accel->tracker, i);
        tsr_verdict verdict = tsr_insn_check(&accel->insns[i], accel->config, NULL);
        if (verdict.fault == TSR_FAULT_NONE)
            verdict = tsr_tokens_step(&tokens, &accel->insns[i]);
        if (verdict.fault != TSR_FAULT_NONE)
            return tsr_error(TSR_INTERNAL, "compiled an illegal instruction %u: %s", i, verdict.reason);
        TSR_TRY(tsr_insn_encode(&accel->insns[i], accel->consts->data + offset + (size_t)i * TSR_INSN_BYTES));
    }
    tsr_insn finish;
    memset(&finish, 0, sizeof finish);
    finish.opcode = TSR_OP_FINISH;
    TSR_TRY(tsr_insn_encode(&finish, accel->consts->data + offset + (size_t)accel->insn_count * TSR_INSN_BYTES));
    *out_insn_offset = (uint32_t)offset;
    *out_insn_count = count;
    stream_begin(accel);
    return tsr_ok();
}

// ---- shared by the schedules ------------------------------------------------------------------------------------------

tsr_tbuffer *place_constant(const job *j, const char *name, tsr_dtype dtype, const void *data, size_t elements) {
    tsr_tbuffer *b = tsr_tbuffer_create(j->s->arena, name, TSR_SCOPE_CONST, dtype, elements);
    b->offset = tsr_blob_append(j->accel->consts, data, elements * tsr_dtype_size(dtype), 64);
    b->data = data;
    return b;
}

tsr_status schedule_room(const job *j) {
    const size_t most = (size_t)256 << 20; // a hundred times what a layer of an ImageNet network takes
    if (tsr_arena_bytes(j->s->arena) > most)
        return tsr_error(
            TSR_UNSUPPORTED,
            "%s of this size needs too many instructions; run it with a smaller batch or picture, or compile for the CPU alone",
            tsr_op_name(j->node->op));
    return tsr_ok();
}

halves halves_of(space memory, int64_t size) { return (halves){memory, size, {-1, -1}}; }

int64_t halves_find(const job *j, halves *h, int64_t key, bool *out_hit) {
    for (unsigned half = 0; half < 2; half++)
        if (h->key[half] == key) {
            *out_hit = true;
            j->accel->next_half[h->memory] = !half;
            return half ? h->size / 2 : 0;
        }
    *out_hit = false;
    h->key[j->accel->next_half[h->memory]] = key;
    return take_half(j->accel, h->memory, h->size);
}

void put_par(int32_t *words, int32_t bias, tsr_rescale rescale) {
    words[0] = bias;
    words[1] = rescale.multiplier;
    words[2] = rescale.lsh | rescale.rsh << 8 | rescale.single_rounding << 16;
}

double copy_cycles(const tsr_config *config, double rows, double columns, double run, bool contiguous) {
    const double regions = contiguous ? rows : rows * columns, bytes = contiguous ? columns * run : run;
    return regions * fmax(ceil(bytes / config->bus_bytes), (double)MEMORY_LATENCY / config->outstanding_bursts);
}

double vector_cycles(const tsr_config *config, double passes, double read_bytes, double written_bytes) {
    const double bus = config->bus_bytes, reads = read_bytes / bus, writes = written_bytes / bus;
    return fmax(passes, fmax(reads, writes)) + SCHEDULE_LATENCY;
}

uint32_t tile_sizes(int64_t extent, int64_t *out_sizes, uint32_t limit) {
    uint32_t count = 0;
    for (int64_t parts = 1; parts <= extent && count < limit; parts++) {
        int64_t size = ceil_div(extent, parts);
        if (count == 0 || out_sizes[count - 1] != size)
            out_sizes[count++] = size;
    }
    if (limit > 1 && out_sizes[count - 1] != 1) // the smallest must be there: it is what fits when nothing else does
        out_sizes[count < limit ? count++ : limit - 1] = 1;
    return count;
}
