// SPDX-License-Identifier: Apache-2.0
// The graph: what a model says, independent of the file it came from. Importers build it, passes rewrite it.
//
// Tensors and nodes live in the graph's arena and are addressed by index. Activations of convolutions and poolings are
// NHWC in this IR; an importer of an NCHW format wraps such nodes in Transposes, which passes then move and cancel.
//
// Quantisation: a tensor of an integer type with quant.count > 0 stands for real = scale * (q - zero_point). A node whose
// activations are such tensors is a *quantised node*: its meaning is TFLite's integer reference kernel for that operator,
// with the numbers in node->requant (filled by the pass `quantise`), so that every back end computes the same bytes.
//
// Integer tensors without quant are plain numbers: ADD, SUB, MUL, NEG wrap, DIV truncates; CLIP, MIN, MAX, MAX_POOL compare
// them as they are. Indices count from the end when negative; what lies outside then is brought to the nearest element, so
// that no device reads past a tensor. IDENTITY copies elements bit for bit; its output may carry another quant, or none.
#ifndef TSR_GRAPH_H
#define TSR_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tsr/arena.h"
#include "tsr/attr.h"
#include "tsr/dtype.h"
#include "tsr/problems.h"
#include "tsr/status.h"

typedef uint32_t tsr_id; // index of a tensor or node
#define TSR_NO_ID UINT32_MAX

// X(NAME, "text"), in lists by what operators are like.
// clang-format off
// Two operands, NumPy broadcasting; y[i] depends on the elements of index i alone.
#define TSR_BINARY_OPS(X)                                                                                 \
    X(ADD, "Add") X(SUB, "Sub") X(MUL, "Mul") X(DIV, "Div") X(MIN, "Min") X(MAX, "Max")                   \
    X(POW, "Pow") X(SQUARED_DIFFERENCE, "SquaredDifference")                                              \
    X(FLOOR_DIV, "FloorDiv")         /* floor(a / b) */                                                   \
    X(MOD, "Mod")                    /* a - floor(a / b) * b: the sign of b; with attr.fmod C's fmod: the sign of a */ \
    X(EQUAL, "Equal") X(LESS, "Less") X(LESS_EQUAL, "LessOrEqual") /* -> bool */                          \
    X(SHIFT_LEFT, "ShiftLeft") X(SHIFT_RIGHT, "ShiftRight") /* of integers; by the width or more: 0, or the sign */ \
    X(AND, "And") X(OR, "Or") X(XOR, "Xor") /* of bool, or bit by bit of integers */                      \
    X(PRELU, "PRelu")                /* x, slope: x < 0 ? slope * x : x; slope broadcasts to x */
// One operand; y[i] depends on x[i] alone, and both have one type.
#define TSR_UNARY_OPS(X)                                                                                  \
    X(NOT, "Not")                    /* of bool */                                                        \
    X(CLIP, "Clip")                  /* clip to attr.clip_lo, attr.clip_hi (Relu, Relu6, Clip) */         \
    X(SIGMOID, "Sigmoid") X(TANH, "Tanh") X(EXP, "Exp") X(NEG, "Neg") X(LEAKY_RELU, "LeakyRelu")          \
    X(ABS, "Abs") X(SQRT, "Sqrt") X(RSQRT, "Rsqrt") X(LOG, "Log") X(SIN, "Sin") X(COS, "Cos") X(ATAN, "Atan") X(ERF, "Erf") \
    X(FLOOR, "Floor") X(CEIL, "Ceil") X(ROUND, "Round") /* halves to even */                              \
    X(ELU, "Elu")                    /* x < 0 ? alpha * (exp(x) - 1) : x */                               \
    X(HARD_SWISH, "HardSwish")       /* x * min(max(x + 3, 0), 6) / 6 */                                  \
    X(GELU, "Gelu")                  /* x * (1 + erf(x / sqrt 2)) / 2; attr.approximate: the tanh form */
#define TSR_OTHER_OPS(X)                                                                                  \
    X(CONV, "Conv")                  /* x[N,H,W,C], w[O,KH,KW,C/groups], b[O]? -> y[N,OH,OW,O] */         \
    X(FULLY_CONNECTED, "FullyConnected") /* x[N,K], w[O,K], b[O]? -> y[N,O] */                            \
    X(MATMUL, "MatMul")              /* a[...,M,K], b[...,K,N] -> y, NumPy rules; alpha, beta, c: Gemm is folded by the importer */ \
    X(WHERE, "Where")                /* condition, a, b: NumPy broadcasting */                            \
    X(MAX_POOL, "MaxPool")           /* NHWC */                                                           \
    X(MAX_POOL_INDEX, "MaxPoolIndex") /* where MAX_POOL found it: int64 into the flat N,C,H,W of x, with attr.axis 1 N,C,W,H */ \
    X(AVERAGE_POOL, "AveragePool")   /* NHWC; a global pool has kernel = H, W */                          \
    X(MEAN, "Mean")                  /* over attr.axes, attr.keep_dims; so do the next four */            \
    X(REDUCE_SUM, "ReduceSum") X(REDUCE_PROD, "ReduceProd")                                               \
    X(REDUCE_MAX, "ReduceMax") X(REDUCE_MIN, "ReduceMin") /* of bool: any and all */                      \
    X(ARG_MAX, "ArgMax") X(ARG_MIN, "ArgMin") /* over attr.axis, attr.keep_dims -> int32 or int64; the first of equals, or attr.select_last */ \
    X(CUM_SUM, "CumSum")             /* along attr.axis; attr.exclusive, attr.reverse; attr.reduction mul: products */                  \
    X(SLICE, "Slice")                /* y[i] = x[starts + i * steps], attr.extents of y; steps may be negative */ \
    X(RESIZE_BILINEAR, "ResizeBilinear") /* x[N,H,W,C] to attr.extents, by TFLite's rules; attr.align_corners, attr.half_pixel */ \
    X(EXPAND, "Expand")              /* x broadcast to attr.extents */                                    \
    X(GATHER, "Gather")              /* x[...,axis,...], indices: slices of x along attr.axis; the first attr.batch_dims dimensions are common */ \
    X(GATHER_ND, "GatherND")         /* x, indices[...,n]: slices x[i1,...,in]; attr.batch_dims */        \
    X(SCATTER_ND, "ScatterND")       /* x, indices[...,n], updates: x with slices replaced, or combined by attr.reduction */ \
    X(PAD, "Pad")                    /* attr.pads_begin/pads_end per dimension, attr.pad_value or the zero point */ \
    X(CONCAT, "Concat")              /* attr.axis */                                                      \
    X(RESHAPE, "Reshape")            /* to the output tensor's shape; Flatten, Squeeze, Unsqueeze too */  \
    X(TRANSPOSE, "Transpose")        /* attr.perm */                                                      \
    X(NORMALIZE, "Normalize")        /* x, scale?, bias?: (x - mean) / sqrt(variance + attr.epsilon) over attr.axes, times scale,   \
        plus bias, which broadcast to x; attr.root_mean_square: x / sqrt(mean of squares + epsilon) */         \
    X(RESAMPLE, "Resample")          /* x, index[n,taps], weight[n,taps]: along attr.axis y[i] = sum weight[i,t] * x[index[i,t]]; \
        index constant int32, weight float32 */                                                               \
    X(TOP_K, "TopK")                 /* the attr.extents[0] largest along attr.axis, with attr.smallest the smallest; first ones \
        first; outputs values, indices: int32 or int64 */                                                     \
    X(NON_MAX_SUPPRESSION, "NonMaxSuppression") /* boxes[N,B,4], scores[N,C,B] -> int64 [rows,3] (n, class, box): of each class up \
        to attr.extents[0] boxes of scores above attr.beta, best first, without those that share more than attr.alpha (intersection \
        over union) with one taken. rows = attr.extents[1]; those that are not needed are -1. Boxes are two corners (y, x), \
        with attr.center_boxes centre x, y, width, height */                                                  \
    X(RECURRENT, "Recurrent")        /* gates[T,B,G*H] (x * W + biases), r[H,G*H], h[B,H]?, c[B,H]?, peepholes[3*H]?, lengths[B]?, \
        candidate bias[H]? -> y[T,B,H], last h[B,H], last c[B,H] (LSTM): attr.cell with G = 1 RNN, 3 GRU (update,   \
        reset, candidate), 4 LSTM (input, output, forget, candidate; peepholes input, output, forget); attr.reverse; \
        attr.clip_hi bounds what enters activations; GRU with attr.linear_before_reset: reset * (h * R + bias) */   \
    X(SOFTMAX, "Softmax")            /* attr.axis, attr.beta; attr.flatten_axis: the form before opset 13 */ \
    X(QUANTIZE, "QuantizeLinear")    /* float -> integer by the output's quant; integer -> integer: requantise */ \
    X(DEQUANTIZE, "DequantizeLinear")                                                                     \
    X(CAST, "Cast")                                                                                       \
    X(MATMUL_INTEGER, "MatMulInteger") /* a, b integer, zero points in their quant (scale 1) -> int32 */  \
    X(CONV_INTEGER, "ConvInteger")                                                                        \
    X(DYNAMIC_QUANTIZE, "DynamicQuantizeLinear") /* outputs y, scale, zero point */                       \
    X(IDENTITY, "Identity")
#define TSR_OPS(X) TSR_BINARY_OPS(X) TSR_UNARY_OPS(X) TSR_OTHER_OPS(X)
// clang-format on

typedef enum tsr_op {
    TSR_OP_NONE = 0,
#define TSR_OP_ENUM(name, text) TSR_OP_##name,
    TSR_OPS(TSR_OP_ENUM)
#undef TSR_OP_ENUM
        TSR_OP_COUNT
} tsr_op;

typedef struct tsr_quant {
    uint32_t count; // 0 = not quantised, 1 = per tensor, else the extent of `axis`
    int32_t axis;
    float *scale;
    int32_t *zero_point;
} tsr_quant;

typedef struct tsr_tensor {
    const char *name;
    tsr_dtype dtype;
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK]; // all known and > 0 after import
    tsr_quant quant;
    const void *data; // constant contents, dense row-major; NULL = computed at run time
} tsr_tensor;

// Integer arithmetic of a quantised node: RESCALE as isa/spec.md defines it, v * multiplier * 2^(lsh - rsh - 31), rounded
// once (half up: ONNX, and TFLite's fully connected) or twice (gemmlowp's way: TFLite's other reference kernels).
typedef struct tsr_rescale {
    int32_t multiplier;
    uint8_t lsh, rsh;
    bool single_rounding;
} tsr_rescale;
typedef struct tsr_requant {
    bool valid;
    int32_t in_zero_point[2]; // of inputs 0 and 1 (activations)
    tsr_rescale in[2]; // ADD, SUB: operand scaling after << 20; LEAKY_RELU: in[0] for what is below zero
    uint32_t channels; // entries of out[]: 0 (no rescaling: CLIP, pools, MIN, MAX of one scale), 1 or output
        // channels; AVERAGE_POOL that changes scale: 1, of the sum of a whole window, or one for
        // each number of elements (out[n - 1]) where pads make windows smaller
    tsr_rescale *out;
    int32_t out_zero_point;
    int32_t lo, hi; // clamp after adding the zero point
} tsr_requant;

typedef struct tsr_node {
    tsr_op op;
    const char *name; // the model's own, or made up; unique
    uint32_t input_count, output_count;
    tsr_id *inputs; // TSR_NO_ID: an optional one left out
    tsr_id *outputs;
    tsr_attr attr;
    tsr_requant requant;
    bool dead;
} tsr_node;

struct tsr_graph;
// Gives the outputs of a node whose inputs are constants their contents, allocated in the graph's arena; tsr_evaluate_node of
// compiler/tensor is one. It takes what it needs from graph->evaluate_steps, and an error leaves the graph as it was.
typedef tsr_status tsr_evaluator(struct tsr_graph *graph, const tsr_node *node);

typedef struct tsr_graph {
    tsr_arena *arena;
    const char *name;
    uint32_t tensor_count, tensor_capacity;
    tsr_tensor *tensors;
    uint32_t node_count, node_capacity; // in execution order; dead ones are skipped
    tsr_node *nodes;
    uint32_t input_count, output_count;
    tsr_id *inputs, *outputs;
    bool channels_last; // the model's own layout of pictures
    tsr_evaluator *evaluate; // of tsr_graph_evaluate; NULL: only what that knows itself
    tsr_problems *problems;   // where what is not supported is noted and work goes on; NULL: the first ends it
    uint64_t evaluate_steps; // element stores that evaluations may still make, so that a small file takes no hours
} tsr_graph;

tsr_graph *tsr_graph_create(const char *name);
void tsr_graph_free(tsr_graph *graph);
// A graph of the same ids that can be rewritten apart. Constants are shared: the original must live as long.
tsr_graph *tsr_graph_clone(const tsr_graph *graph);
tsr_id tsr_graph_add_tensor(tsr_graph *graph, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape);
tsr_id tsr_graph_add_const(tsr_graph *graph, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape,
                           const void *data); // copies the data
tsr_id tsr_graph_add_node(tsr_graph *graph, tsr_op op, const char *name, uint32_t input_count, const tsr_id *inputs,
                          uint32_t output_count, const tsr_id *outputs); // attr: see tsr_attr_default
void tsr_graph_set_quant(tsr_graph *graph, tsr_id tensor, uint32_t count, int32_t axis, const float *scale,
                         const int32_t *zero_point); // copies

// Forgets dead nodes and the nodes none of whose outputs are read, and closes the gaps. Tensors keep their ids.
void tsr_graph_sweep(tsr_graph *graph);

// Computes a node whose inputs are constants: true, and its outputs are constants now. False where that is not known, or too
// much work or memory at this time; the node is fine as it is then. The one mechanism behind all constant folding.
bool tsr_graph_evaluate(tsr_graph *graph, const tsr_node *node);

const char *tsr_op_name(tsr_op op);
bool tsr_op_is_unary(tsr_op op); // one of TSR_UNARY_OPS
bool tsr_op_is_binary(tsr_op op); // one of TSR_BINARY_OPS
uint64_t tsr_tensor_elements(const tsr_tensor *tensor); // saturates at UINT64_MAX on overflow
uint64_t tsr_tensor_bytes(const tsr_tensor *tensor);
tsr_id tsr_graph_producer(const tsr_graph *graph, tsr_id tensor); // node, or TSR_NO_ID
uint32_t tsr_graph_uses(const tsr_graph *graph, tsr_id tensor); // nodes that read it, plus 1 if it is a graph output
uint64_t tsr_node_macs(const tsr_graph *graph, const tsr_node *node);

// The shape of a node's first output from its inputs' shapes and attr, after checking that they fit the operator. RESHAPE:
// the output's own shape, checked. Axes in attr are not negative. An error says which rule; the caller adds which node.
tsr_status tsr_graph_infer_shape(const tsr_graph *graph, const tsr_node *node, uint32_t *out_rank,
                                 int64_t out_shape[TSR_MAX_RANK]);
// "[1,28,28,64]"
enum { TSR_SHAPE_TEXT = 24 * TSR_MAX_RANK };
const char *tsr_shape_text(char buffer[TSR_SHAPE_TEXT], uint32_t rank, const int64_t *shape);

// No tensor may be larger, so that sizes of a few tensors can be added and multiplied by an element size without care.
#define TSR_MAX_TENSOR_BYTES (UINT64_C(1) << 32)
// TSR_OK when every extent is > 0 and the whole stays within TSR_MAX_TENSOR_BYTES.
tsr_status tsr_shape_check(tsr_dtype dtype, uint32_t rank, const int64_t *shape);

// Every rule a graph must keep between passes: ids in range, each tensor produced once and before its uses, ranks and
// shapes that fit the operator, no cycles. Names node and rule.
tsr_status tsr_graph_verify(const tsr_graph *graph);
// The part of it about one node's element types.
tsr_status tsr_graph_check_types(const tsr_graph *graph, const tsr_node *node);
// Fills node->requant of every quantised node whose operator has an integer kernel, as TFLite's Prepare functions do.
// UNSUPPORTED names a node whose types or parameters its kernel does not take.
tsr_status tsr_quantise(tsr_graph *graph);
// A real multiplier as RESCALE takes it: TFLite's QuantizeMultiplier.
tsr_rescale tsr_rescale_of(double multiplier);

// The text form (compiler/graph/text.md), one line a node. TSR_PRINT_SMALL leaves out the contents of constants of more than 64
// elements; TSR_PRINT_ALL is what tsr_graph_parse reads back: print(parse(print(graph))) gives the same text.
typedef enum tsr_print_constants { TSR_PRINT_SMALL, TSR_PRINT_ALL } tsr_print_constants;
void tsr_graph_print(const tsr_graph *graph, tsr_print_constants constants, FILE *out);
// Untrusted text. The graph has passed tsr_graph_verify and does not refer to the text; an error says file, line and column.
tsr_status tsr_graph_parse(const char *text, size_t size, const char *file_name, tsr_graph **out_graph);
bool tsr_graph_is_text(const void *bytes, size_t size); // whether a file is meant to be one, by its first word

#endif
