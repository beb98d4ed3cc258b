// SPDX-License-Identifier: Apache-2.0
// What the lower_*.c files share: short builders, loop nests over strided operands, real values of quantised tensors.
#ifndef TSR_TENSOR_LOWERING_H
#define TSR_TENSOR_LOWERING_H

#include "tsr/lower.h"

typedef const tsr_expr *ex;

typedef struct lowering {
    tsr_arena *arena;
    const tsr_graph *graph;
    const tsr_node *node;
    tsr_tbuffer *const *buffers;
    tsr_tensor_function *f;
    const tsr_lower_target *target;
} lowering;

static inline ex i64(lowering *l, int64_t v) { return tsr_int(l->arena, TSR_I64, v); }
static inline ex i32(lowering *l, int64_t v) { return tsr_int(l->arena, TSR_I32, v); }
static inline ex f32(lowering *l, double v) { return tsr_float(l->arena, TSR_F32, v); }
static inline ex op(lowering *l, tsr_binary o, ex a, ex b) { return tsr_binary_expr(l->arena, o, a, b); }
static inline ex add(lowering *l, ex a, ex b) { return op(l, TSR_ADD, a, b); }
static inline ex sub(lowering *l, ex a, ex b) { return op(l, TSR_SUB, a, b); }
static inline ex mul(lowering *l, ex a, ex b) { return op(l, TSR_MUL, a, b); }
static inline ex cast(lowering *l, tsr_dtype t, ex a) { return tsr_cast(l->arena, t, a); }
static inline ex load(lowering *l, tsr_tbuffer *b, ex index) { return tsr_load(l->arena, b, index); }
static inline ex choose(lowering *l, ex c, ex yes, ex no) { return tsr_select(l->arena, c, yes, no); }
static inline ex var(lowering *l, const tsr_var *v) { return tsr_var_expr(l->arena, v); }
static inline ex scaled(lowering *l, ex a, int64_t by) { return op(l, TSR_MUL, a, i64(l, by)); } // an index times a stride
static inline tsr_stmt *store(lowering *l, tsr_tbuffer *b, ex index, ex value) { return tsr_store(l->arena, b, index, value); }
static inline const tsr_var *new_var(lowering *l, const char *name) { return tsr_var_create(l->f, name); }
static inline tsr_stmt *loop(lowering *l, const tsr_var *v, int64_t extent, tsr_stmt *body) {
    return tsr_for(l->arena, v, extent, TSR_FOR_SERIAL, body);
}
static inline tsr_stmt *lanes(lowering *l, const tsr_var *v, int64_t extent, tsr_stmt *body) {
    return tsr_for(l->arena, v, extent, TSR_FOR_VECTORIZE, body);
}
static inline tsr_stmt *seq2(lowering *l, tsr_stmt *a, tsr_stmt *b) { return tsr_seq(l->arena, 2, (tsr_stmt *[]){a, b}); }
static inline tsr_stmt *seq4(lowering *l, tsr_stmt *a, tsr_stmt *b, tsr_stmt *c, tsr_stmt *d) {
    return tsr_seq(l->arena, 4, (tsr_stmt *[]){a, b, c, d});
}
static inline tsr_stmt *seq3(lowering *l, tsr_stmt *a, tsr_stmt *b, tsr_stmt *c) {
    return tsr_seq(l->arena, 3, (tsr_stmt *[]){a, b, c});
}

static inline bool has_input(const lowering *l, uint32_t n) {
    return n < l->node->input_count && l->node->inputs[n] != TSR_NO_ID;
}
static inline const tsr_tensor *in(const lowering *l, uint32_t n) { return &l->graph->tensors[l->node->inputs[n]]; }
static inline const tsr_tensor *out(const lowering *l, uint32_t n) { return &l->graph->tensors[l->node->outputs[n]]; }
static inline tsr_tbuffer *in_buffer(const lowering *l, uint32_t n) { return l->buffers[l->node->inputs[n]]; }
static inline tsr_tbuffer *out_buffer(const lowering *l, uint32_t n) { return l->buffers[l->node->outputs[n]]; }

tsr_status unsupported(const lowering *l, const char *why);
int64_t elements(const tsr_tensor *t);
int32_t zero_point(const tsr_tensor *t); // per tensor; 0 when not quantised
bool is_whole(tsr_dtype dtype);          // an integer type
bool same_quant(const tsr_tensor *a, const tsr_tensor *b); // or one of them is a plain number
tsr_tbuffer *constant(lowering *l, const char *name, tsr_dtype dtype, uint64_t count, void **out_data);
int64_t constant_at(const tsr_tensor *t, int64_t index); // an element of a constant integer tensor

// A nest of loops over operands with a stride for each loop; neighbouring loops that walk all operands as one are merged.
enum { MAX_OPERANDS = 4 };
typedef struct nest {
    uint32_t rank, operands;
    int64_t extent[TSR_MAX_RANK];
    int64_t stride[MAX_OPERANDS][TSR_MAX_RANK], base[MAX_OPERANDS];
    const tsr_var *var[TSR_MAX_RANK];
    ex index[MAX_OPERANDS]; // after nest_begin
} nest;
void row_major(const int64_t *shape, uint32_t rank, int64_t *out_stride);
nest nest_of(uint32_t rank, const int64_t *extent);
void nest_operand(nest *n, const int64_t *stride, int64_t base);
void nest_broadcast(nest *n, const tsr_tensor *t); // adds an operand by NumPy's rules
void nest_begin(lowering *l, nest *n);
tsr_stmt *nest_end(lowering *l, const nest *n, tsr_stmt *body);   // the innermost loop vectorised
tsr_stmt *nest_loops(lowering *l, const nest *n, tsr_stmt *body); // plain loops around a body with loops

// Channels are worked on in tiles of a size that keeps accumulators in registers: `count` tiles of `size` from `first`.
typedef struct tiles {
    int64_t first, size, count;
} tiles;
unsigned split_channels(int64_t channels, tiles out[2]); // 1 or 2 kinds of tile

// Accumulators are addressed by constants only, so that they can be registers; what finishes them loops over this copy.
tsr_stmt *copy_local(lowering *l, tsr_tbuffer *from, tsr_tbuffer **out_copy);

// result[0] = neutral o value(0) o ... o value(length - 1), summed in several lanes, so in another order.
typedef ex value_at(lowering *l, const void *context, ex k);
tsr_stmt *reduced(lowering *l, tsr_binary o, tsr_tbuffer *result, ex neutral, int64_t length, value_at *value,
                  const void *context);

// lower_math.c: a function of one operand; EXP, TANH and ERF of float32 as arithmetic.
ex call(lowering *l, tsr_function function, ex a);
ex arc_tangent(lowering *l, ex x); // of either float type, to float32's precision

// lower_threads.c: gives a program of one nest of vectors a PARALLEL loop.
void share_among_threads(tsr_tensor_function *f);

// lower_half.c: float16 and bfloat16 by their bits (uint16), as tsr_half_to_float and tsr_float_to_half have it.
ex float_of_half(lowering *l, tsr_dtype half, ex bits);
ex half_of_float(lowering *l, tsr_dtype half, ex value);

// lower_quant.c
ex real_of(lowering *l, const tsr_tensor *t, ex stored);  // what a stored element stands for, float32
ex stored_of(lowering *l, const tsr_tensor *t, ex real);  // how a float32 is stored in t: cast or quantised
ex round_away(lowering *l, ex real);                      // std::round
ex clip_real(lowering *l, ex real);                       // the node's fused activation
ex rescale(lowering *l, ex value, tsr_rescale by);        // RESCALE of isa/spec.md on an int32
ex divide_by_power(lowering *l, ex value, ex exponent);   // rounding half away from zero
ex multiply_high(lowering *l, ex value, ex multiplier);   // (a * b + 2^30) >> 31
// RESCALE by requant.out of a channel (or its only one), zero point, clamp, cast to the output's type. The tables are
// made once a node: pass the same `tables`, all NULL at first.
typedef struct requant_tables {
    tsr_tbuffer *multiplier, *lsh, *rsh, *half;
    bool shifts; // every channel has an rsh
} requant_tables;
ex requantised(lowering *l, requant_tables *tables, ex value, ex channel);
ex finished(lowering *l, ex value); // zero point, clamp and cast only
// A table of what an 8-bit element maps to: f(context, real) for the real value of each.
ex looked_up(lowering *l, const tsr_tensor *from, const tsr_tensor *to, ex stored, double (*f)(const tsr_node *node, double));
// A table of results (clamped to the type), in the order of the stored elements -128..127 or 0..255.
ex looked_up_integers(lowering *l, const tsr_tensor *from, const tsr_tensor *to, ex stored, const int32_t values[256]);
// lower_tables.c: TFLite's kernels of 8-bit elements
bool has_own_table(const lowering *l); // of the node's operator
ex own_table(lowering *l, ex stored);
ex quotient_table(lowering *l, ex a, ex b);
tsr_status lower_quantize(lowering *l);
tsr_status lower_dequantize(lowering *l);
tsr_status lower_dynamic_quantize(lowering *l);

tsr_status lower_conv(lowering *l); // also FULLY_CONNECTED, CONV_INTEGER
tsr_status lower_matmul(lowering *l);
tsr_status lower_pool(lowering *l);
tsr_status lower_pool_index(lowering *l);
ex smallest(lowering *l, tsr_dtype dtype);     // the least value of a type
ex average(lowering *l, ex sum, ex count);     // of stored elements: rescaled, rounded and clipped as the node wants
tsr_status lower_reduce(lowering *l);          // MEAN and REDUCE_*
tsr_status lower_arg(lowering *l);
tsr_status lower_normalize(lowering *l);
tsr_status lower_resample(lowering *l);
tsr_status lower_top_k(lowering *l);
tsr_status lower_recurrent(lowering *l);
tsr_status lower_non_max_suppression(lowering *l);
tsr_status lower_cum_sum(lowering *l);
tsr_status lower_slice(lowering *l);
tsr_status lower_expand(lowering *l);
tsr_status lower_resize_bilinear(lowering *l);
tsr_status lower_gather(lowering *l);
tsr_status lower_gather_nd(lowering *l);
tsr_status lower_scatter_nd(lowering *l);
tsr_status lower_binary(lowering *l); // also comparisons, logic, PRELU
tsr_status lower_where(lowering *l);
tsr_status lower_unary(lowering *l);
tsr_status lower_softmax(lowering *l);
tsr_status lower_pad(lowering *l);
tsr_status lower_concat(lowering *l);
tsr_status lower_copy(lowering *l); // RESHAPE, IDENTITY, CAST
tsr_status lower_transpose(lowering *l);

#endif
