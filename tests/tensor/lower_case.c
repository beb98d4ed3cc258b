// SPDX-License-Identifier: Apache-2.0
#include "lower_case.h"

#include <math.h>

static uint64_t state;
uint32_t case_next(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

tsr_id case_tensor(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero) {
    tsr_id id = tsr_graph_add_tensor(t->graph, name, type, d.rank, d.extent);
    if (scale != 0)
        tsr_graph_set_quant(t->graph, id, 1, 0, &scale, &zero);
    return id;
}

void case_fill(tsr_dtype type, void *data, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float real = (float)((double)case_next(8192) / 1024 - 4);
        double wide = real;
        int32_t word = (int32_t)case_next(20000) - 10000;
        int64_t whole = (int64_t)(((uint64_t)case_next(UINT32_MAX) << 32) | case_next(UINT32_MAX));
        switch (type) {
        case TSR_F32: memcpy((char *)data + 4 * i, &real, 4); break;
        case TSR_F64: memcpy((char *)data + 8 * i, &wide, 8); break;
        case TSR_I32: memcpy((char *)data + 4 * i, &word, 4); break;
        case TSR_BOOL: ((uint8_t *)data)[i] = whole & 1; break;
        default: memcpy((char *)data + tsr_dtype_size(type) * (size_t)i, &whole, tsr_dtype_size(type));
        }
    }
}

tsr_id case_constant(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero) {
    int64_t count = 1;
    for (uint32_t i = 0; i < d.rank; i++)
        count *= d.extent[i];
    void *data = tsr_arena_alloc(t->arena, (size_t)count * tsr_dtype_size(type));
    case_fill(type, data, count);
    if (type == TSR_I8)
        for (int64_t i = 0; i < count; i++) // weights of TFLite are never -128
            ((int8_t *)data)[i] = ((int8_t *)data)[i] == -128 ? 0 : ((int8_t *)data)[i];
    tsr_id id = tsr_graph_add_const(t->graph, name, type, d.rank, d.extent, data);
    if (scale != 0)
        tsr_graph_set_quant(t->graph, id, 1, 0, &scale, &zero);
    return id;
}

void case_per_channel(bench *t, tsr_id id, uint32_t channels) {
    float *scale = TSR_NEW_ARRAY(t->arena, float, channels);
    int32_t *zero = TSR_NEW_ARRAY(t->arena, int32_t, channels);
    for (uint32_t c = 0; c < channels; c++)
        scale[c] = 0.001f + 0.0007f * (float)(c % 13);
    tsr_graph_set_quant(t->graph, id, channels, 0, scale, zero);
}

void case_node(bench *t, tsr_op op, uint32_t inputs, uint32_t outputs) {
    tsr_id in[3] = {t->x, t->w, t->b}, out[3] = {t->y, t->y + 1, t->y + 2};
    tsr_id id = tsr_graph_add_node(t->graph, op, "node", inputs, in, outputs, out);
    t->node = &t->graph->nodes[id];
    t->graph->inputs = TSR_NEW_ARRAY(t->graph->arena, tsr_id, 3);
    for (uint32_t i = 0; i < inputs; i++)
        if (t->graph->tensors[in[i]].data == NULL)
            t->graph->inputs[t->graph->input_count++] = in[i];
}

double case_element(const bench *t, const machine *m, tsr_tbuffer *const *buffers, tsr_id id, int64_t at) {
    const tsr_tensor *tensor_ = &t->graph->tensors[id];
    const uint8_t *bytes = tensor_->data != NULL ? tensor_->data : machine_bytes(m, buffers[id]);
    switch (tensor_->dtype) {
    case TSR_I8: return ((const int8_t *)bytes)[at];
    case TSR_U8: return bytes[at];
    case TSR_I32: return ((const int32_t *)(const void *)bytes)[at];
    case TSR_F32: return (double)((const float *)(const void *)bytes)[at];
    default: return NAN;
    }
}

const tsr_tensor *shape_of(const bench *t, tsr_id id) { return &t->graph->tensors[id]; }
double zero_of(const bench *t, tsr_id id) { return shape_of(t, id)->quant.count > 0 ? shape_of(t, id)->quant.zero_point[0] : 0; }
double scale_of(const bench *t, tsr_id id) {
    return shape_of(t, id)->quant.count > 0 ? (double)shape_of(t, id)->quant.scale[0] : 1;
}

double case_times(double value, double multiplier, bool once) {
    int exponent;
    double mantissa = floor(frexp(multiplier, &exponent) * 2147483648.0 + 0.5);
    double left = exponent > 0 ? ldexp(value, exponent) : value;
    int right = exponent > 0 ? 0 : -exponent;
    int64_t product = (int64_t)left * (int64_t)mantissa;
    if (once)
        return (double)((product + ((int64_t)1 << (30 + right))) >> (31 + right));
    double high = (double)((product + (1 << 30)) >> 31);
    return round(ldexp(high, -right)); // halves away from zero
}

double case_finish(const bench *t, double value, double lo, double hi) {
    bool is_signed = shape_of(t, t->y)->dtype == TSR_I8;
    double low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    double s = scale_of(t, t->y), z = zero_of(t, t->y);
    if (isfinite(lo))
        low = fmax(low, z + round(lo / s));
    if (isfinite(hi))
        high = fmin(high, z + round(hi / s));
    return fmin(fmax(value + z, low), high);
}

// ---- comparing ---------------------------------------------------------------------------------------------------------
static check_result check_reference(const operator_case *c, const bench *t, const machine *m, tsr_tbuffer *const *buffers) {
    if (c->expected == NULL)
        return CHECK_PASS;
    int64_t count = (int64_t)tsr_tensor_elements(shape_of(t, t->y));
    bool varied = false;
    for (int64_t i = 0; i < count; i++) {
        double want = c->expected(t, m, buffers, i), got = case_element(t, m, buffers, t->y, i);
        double limit = c->tolerance * (shape_of(t, t->y)->dtype == TSR_F32 ? fmax(1, fabs(want)) : 1);
        if (!(fabs(want - got) <= limit) && !(isinf(want) && want == got)) {
            fprintf(stderr, "element %lld: expected %.9g, got %.9g\n", (long long)i, want, got);
            FAILm("differs from the reference");
        }
        varied = varied || got != case_element(t, m, buffers, t->y, 0);
    }
    ASSERTm("the results are all the same: the case tests nothing", varied);
    return CHECK_PASS;
}

// Byte for byte; sums of float products, which compiled code may fuse, up to rounding.
static bool same(const operator_case *c, const bench *t, const tsr_tbuffer *buffer, const uint8_t *a, const uint8_t *b) {
    bool products = t->node->op == TSR_OP_CONV || t->node->op == TSR_OP_FULLY_CONNECTED || t->node->op == TSR_OP_MATMUL ||
                    t->node->op == TSR_OP_NORMALIZE || t->node->op == TSR_OP_RESAMPLE || t->node->op == TSR_OP_RECURRENT;
    if (!products || !tsr_dtype_is_float(buffer->dtype))
        return memcmp(a, b, (size_t)buffer->elements * tsr_dtype_size(buffer->dtype)) == 0;
    for (uint64_t i = 0; i < buffer->elements; i++) {
        double x = (double)((const float *)(const void *)a)[i], y = (double)((const float *)(const void *)b)[i];
        if (!(fabs(x - y) <= c->tolerance * fmax(1, fabs(x))))
            return false;
    }
    return true;
}

typedef struct processor {
    const char *cpu;
    tsr_lower_target target; // need not be that of the cpu
} processor;

static check_result run_on(const operator_case *c, bench *t, const processor *p) {
    tsr_tbuffer **buffers = machine_buffers(t->arena, t->graph);
    tsr_tensor_function *f;
    ASSERT_OK(tsr_graph_verify(t->graph));
    ASSERT_OK(tsr_quantise(t->graph));
    ASSERT_OK(tsr_lower_node_for(t->arena, t->graph, t->node, buffers, &p->target, &f));
    const tsr_tensor_function *functions = f;
    machine m;
    ASSERT_OK(machine_create(t->arena, &functions, 1, p->cpu, &m));
    tsr_tbuffer **used;
    uint32_t count = tsr_tensor_buffers(f, t->arena, &used);
    for (uint32_t i = 0; i < count; i++)
        if (used[i]->scope == TSR_SCOPE_WORK)
            case_fill(used[i]->dtype, machine_bytes(&m, used[i]), (int64_t)used[i]->elements);
    uint8_t *before = tsr_arena_alloc(t->arena, m.work_bytes), *compiled = tsr_arena_alloc(t->arena, m.work_bytes);
    memcpy(before, m.work, m.work_bytes);
    machine_run(&m, 0);
    memcpy(compiled, m.work, m.work_bytes);
    CHECK_CALL(check_reference(c, t, &m, buffers));
    memcpy(m.work, before, m.work_bytes);
    ASSERT_OK(machine_interpret(&m, 0));
    for (uint32_t i = 0; i < count; i++)
        if (used[i]->scope == TSR_SCOPE_WORK) {
            const uint8_t *interpreted = machine_bytes(&m, used[i]);
            ASSERTm("compiled code and interpreter differ", same(c, t, used[i], interpreted, compiled + (interpreted - m.work)));
        }
    machine_free(&m);
    return CHECK_PASS;
}

check_result run_case(const operator_case *c) {
    static const processor processors[] = {
        {"native", {.vector_bytes = 32, .registers = 16, .dot = 2}},
        {"baseline", {.vector_bytes = 16, .registers = 16, .dot = 2}},
        {"native", {.vector_bytes = 64, .registers = 32, .dot = 2}},
        {"native", {.vector_bytes = 16, .registers = 32, .dot = 1, .quad = TSR_I8}},
        {"native", {.vector_bytes = 32, .registers = 16, .dot = 2, .quad = TSR_U8}},
    };
    enum { PROCESSORS = sizeof processors / sizeof *processors };
    check_result result = CHECK_PASS;
    for (unsigned i = 0; i < PROCESSORS && result == CHECK_PASS; i++) {
        bench t = {.arena = tsr_arena_create(), .graph = tsr_graph_create("test")};
        t.graph->channels_last = true;
        state = 7;
        c->build(&t);
        t.graph->outputs = &t.y;
        t.graph->output_count = 1;
        result = run_on(c, &t, &processors[i]);
        tsr_graph_free(t.graph);
        tsr_arena_free(t.arena);
    }
    return result;
}
