// SPDX-License-Identifier: Apache-2.0
// Tensor programs: explicit loop nests over flat buffers. The one form between graph nodes and code: an interpreter runs
// it (the oracle), compiler/host turns it into machine code, compiler/accel matches parts of it onto the accelerator.
//
//   for y in 0..56 {
//     for c in 0..64 vectorize {
//       out[y*64 + c] = max(x[y*64 + c], 0:i8)
//     }
//   }
//
// Buffers are flat arrays of one element type; an index is an integer expression in elements. Integer arithmetic is that
// of the operands' type and wraps; both operands of a binary operator have one type; conversion is explicit (CAST).
// Division and modulo round towards zero (C); by zero they give 0. Shifts: SHR of a signed type is arithmetic, the count is
// taken modulo the width. MIN(a, b) is b < a ? b : a and MAX(a, b) is b > a ? b : a, also for floats: a NaN in a stays.
// SELECT evaluates lazily: a LOAD in the untaken arm is not performed (so that it can guard a bound).
// The iterations of PARALLEL and VECTORIZE loops must be independent of each other; a back end may run them in any order.
#ifndef TSR_TENSOR_H
#define TSR_TENSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tsr/arena.h"
#include "tsr/dtype.h"
#include "tsr/status.h"

// Where a buffer lives. CONST and WORK are the two memory segments of a compiled model; LOCAL is scratch of one function
// on its stack, of each iteration of a PARALLEL loop for itself; SCRATCH is larger scratch of one function in WORK;
// the rest are the accelerator's memories (isa/spec.md, state).
typedef enum tsr_scope {
    TSR_SCOPE_CONST,
    TSR_SCOPE_WORK,
    TSR_SCOPE_LOCAL,
    TSR_SCOPE_SCRATCH,
    TSR_SCOPE_INP,
    TSR_SCOPE_WGT,
    TSR_SCOPE_ACC,
    TSR_SCOPE_OUT,
    TSR_SCOPE_PAR,
} tsr_scope;

typedef struct tsr_tbuffer {
    const char *name;
    tsr_dtype dtype; // of float16 and bfloat16 uint16: their bits
    tsr_scope scope;
    uint64_t elements;
    uint64_t offset;  // bytes into its segment (CONST, WORK), assigned by the memory planner
    const void *data; // CONST: contents
    void *user;       // free for the builder
} tsr_tbuffer;

typedef struct tsr_var {
    const char *name;
    uint32_t id; // index in the interpreter's and back ends' tables; unique in a function
} tsr_var;

typedef enum tsr_expr_kind {
    TSR_E_INT,    // value.i of dtype
    TSR_E_FLOAT,  // value.f of dtype
    TSR_E_VAR,    // a loop variable, int64
    TSR_E_LOAD,   // buffer[a]
    TSR_E_BINARY, // a op b
    TSR_E_SELECT, // a ? b : c, a is BOOL
    TSR_E_CAST,   // (dtype)a: integers truncate or extend; float -> int truncates towards zero, saturating; NaN -> 0
    TSR_E_CALL,   // function(a [, b]) on floats; of float64 only SQRT, FLOOR, CEIL, ROUND_EVEN and ABS keep full precision
    TSR_E_BITCAST, // the same bytes as another type of the same size
} tsr_expr_kind;

typedef enum tsr_binary {
    TSR_ADD,
    TSR_SUB,
    TSR_MUL,
    TSR_DIV,
    TSR_MOD,
    TSR_MIN,
    TSR_MAX,
    TSR_AND,
    TSR_OR,
    TSR_XOR,
    TSR_SHL,
    TSR_SHR,
    TSR_EQ,
    TSR_NE,
    TSR_LT,
    TSR_LE,
    TSR_GT,
    TSR_GE, // -> BOOL
} tsr_binary;

typedef enum tsr_function {
    TSR_F_EXP,
    TSR_F_LOG,
    TSR_F_TANH,
    TSR_F_ERF,
    TSR_F_SQRT,
    TSR_F_FLOOR,
    TSR_F_CEIL,
    TSR_F_ROUND_EVEN,
    TSR_F_ABS,
    TSR_F_POW,
    TSR_F_SIN,
    TSR_F_COS,
    TSR_F_FMOD,
} tsr_function;

typedef struct tsr_expr tsr_expr;
struct tsr_expr { // immutable once made; may be shared
    tsr_expr_kind kind;
    tsr_dtype dtype;
    union {
        int64_t i;
        double f;
        const tsr_var *var;
        tsr_tbuffer *buffer;
        tsr_binary binary;
        tsr_function function;
    } value;
    const tsr_expr *a, *b, *c;
};

typedef enum tsr_for_kind { TSR_FOR_SERIAL, TSR_FOR_PARALLEL, TSR_FOR_VECTORIZE, TSR_FOR_UNROLL } tsr_for_kind;
typedef enum tsr_stmt_kind { TSR_S_FOR, TSR_S_STORE, TSR_S_SEQ, TSR_S_IF, TSR_S_TENSORISED } tsr_stmt_kind;

typedef struct tsr_stmt tsr_stmt;
struct tsr_stmt {
    tsr_stmt_kind kind;
    const tsr_var *var; // FOR: var in 0..extent
    int64_t extent;
    tsr_for_kind for_kind;
    tsr_tbuffer *buffer; // STORE: buffer[index] = value
    const tsr_expr *index, *value;
    const tsr_expr *condition; // IF
    tsr_stmt *body;            // FOR, IF, TENSORISED (the nest it stands for)
    tsr_stmt **items;          // SEQ
    uint32_t item_count;
    const struct tsr_intrinsic *intrinsic; // TENSORISED: which, and on what
};

// An intrinsic that a nest was matched with (tsr/schedule.h): operand i of its pattern begins at element `first` of `buffer`.
typedef struct tsr_operand {
    const char *name;
    tsr_tbuffer *buffer;
    const tsr_expr *first;
} tsr_operand;
typedef struct tsr_intrinsic {
    const char *name;
    uint32_t operand_count;
    const tsr_operand *operands;
} tsr_intrinsic;

// One function: what a graph node (or a fused group) computes.
typedef struct tsr_tensor_function {
    const char *name;
    tsr_arena *arena;
    tsr_stmt *body;
    uint32_t var_count;
    uint32_t local_count; // LOCAL buffers, each allocated (uninitialised) at entry
    tsr_tbuffer **locals;
} tsr_tensor_function;

// ---- builders (compiler/tensor/build.c). Constants fold, x+0 and x*1 simplify; types are checked by assertion ----------
tsr_tensor_function *tsr_function_create(tsr_arena *arena, const char *name);
tsr_tbuffer *tsr_tbuffer_create(tsr_arena *arena, const char *name, tsr_scope scope, tsr_dtype dtype, uint64_t elements);
tsr_tbuffer *tsr_local(tsr_tensor_function *f, const char *name, tsr_dtype dtype, uint64_t elements);
const tsr_var *tsr_var_create(tsr_tensor_function *f, const char *name);
const tsr_expr *tsr_int(tsr_arena *arena, tsr_dtype dtype, int64_t value);
const tsr_expr *tsr_float(tsr_arena *arena, tsr_dtype dtype, double value);
const tsr_expr *tsr_var_expr(tsr_arena *arena, const tsr_var *var); // int64
const tsr_expr *tsr_load(tsr_arena *arena, tsr_tbuffer *buffer, const tsr_expr *index);
const tsr_expr *tsr_binary_expr(tsr_arena *arena, tsr_binary op, const tsr_expr *a, const tsr_expr *b);
const tsr_expr *tsr_select(tsr_arena *arena, const tsr_expr *condition, const tsr_expr *yes, const tsr_expr *no);
const tsr_expr *tsr_cast(tsr_arena *arena, tsr_dtype dtype, const tsr_expr *a);
const tsr_expr *tsr_bitcast(tsr_arena *arena, tsr_dtype dtype, const tsr_expr *a);
const tsr_expr *tsr_call(tsr_arena *arena, tsr_function function, const tsr_expr *a, const tsr_expr *b);
tsr_stmt *tsr_for(tsr_arena *arena, const tsr_var *var, int64_t extent, tsr_for_kind kind, tsr_stmt *body);
tsr_stmt *tsr_store(tsr_arena *arena, tsr_tbuffer *buffer, const tsr_expr *index, const tsr_expr *value);
tsr_stmt *tsr_seq(tsr_arena *arena, uint32_t count, tsr_stmt *const *items);
tsr_stmt *tsr_if(tsr_arena *arena, const tsr_expr *condition, tsr_stmt *body);

// ---- affine view of an index: constant + sum(coefficient * var). False when the expression is not of that form. --------
enum { TSR_MAX_AFFINE = 16, TSR_MAX_NEST = 64 }; // terms of a form; statements within statements
typedef struct tsr_affine {
    int64_t constant;
    uint32_t count;
    const tsr_var *var[TSR_MAX_AFFINE];
    int64_t coefficient[TSR_MAX_AFFINE];
} tsr_affine;
bool tsr_affine_of(const tsr_expr *expr, tsr_affine *out_affine);
int64_t tsr_affine_coefficient(const tsr_affine *affine, const tsr_var *var); // 0 when absent

bool tsr_expr_equal(const tsr_expr *a, const tsr_expr *b); // the same operators on the same variables, buffers and numbers

// ---- checks, text, oracle ----------------------------------------------------------------------------------------------
// Types, scopes, every variable bound by a loop around it; and that no two iterations of a PARALLEL or VECTORIZE loop surely
// touch one element (indices that are not affine, and what conditions may leave out, get the benefit of the doubt).
tsr_status tsr_tensor_verify(const tsr_tensor_function *f);
// The text form (README.md of this folder). print leaves out the contents of constants of more than 64 elements; print_all is
// what parse reads back: print_all(parse(print_all(f))) gives the same text.
void tsr_tensor_print(const tsr_tensor_function *f, FILE *out);
void tsr_tensor_print_all(const tsr_tensor_function *f, FILE *out);
// Untrusted text of one function. It has passed tsr_tensor_verify and does not refer to the text; an error says file, line, column.
tsr_status tsr_tensor_parse(tsr_arena *arena, const char *text, size_t size, const char *file_name,
                            tsr_tensor_function **out_function);

// The buffers that a function touches and that are not LOCAL, each once, in order of first use. Returns their number.
uint32_t tsr_tensor_buffers(const tsr_tensor_function *f, tsr_arena *arena, tsr_tbuffer ***out_buffers);

// Words for printing and messages.
const char *tsr_scope_name(tsr_scope scope);
const char *tsr_binary_name(tsr_binary op); // "+", "min", ...
const char *tsr_function_name(tsr_function function); // "exp", ...
const char *tsr_short_type(tsr_dtype dtype); // "i8", "f32", ...

// Runs a function on host memory. storage(context, buffer) gives the bytes of a buffer that is not LOCAL. Every index is
// checked: TSR_OUT_OF_RANGE names the buffer, the index and the statement.
tsr_status tsr_tensor_interpret(const tsr_tensor_function *f, void *(*storage)(void *context, const tsr_tbuffer *buffer),
                                void *context);
// The same with a bound: takes the stores and conditions that it runs from *steps, OUT_OF_RANGE when they are used up.
tsr_status tsr_tensor_interpret_within(const tsr_tensor_function *f, void *(*storage)(void *context, const tsr_tbuffer *buffer),
                                       void *context, uint64_t *steps);

#endif
