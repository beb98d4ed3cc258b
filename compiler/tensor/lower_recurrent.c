// SPDX-License-Identifier: Apache-2.0
// Recurrent cells over a sequence. What depends on the inputs alone, x * W + b, is there already; here is what each step adds.
// The states live in the outputs that give the last ones.
#include <math.h>

#include "lowering.h"

enum { GATES, WEIGHTS, START_H, START_C, PEEPHOLES, LENGTHS, CANDIDATE_BIAS };
enum { Y, Y_H, Y_C };

typedef struct cell {
    int64_t steps, batch, hidden, columns; // columns: gates times hidden
    const tsr_var *t, *b;
    ex step;           // where in the sequence
    tsr_tbuffer *sums; // one row of columns
    tsr_tbuffer *left; // GRU: reset times the state
} cell;

static ex real(lowering *l, double v) { return tsr_float(l->arena, out(l, Y)->dtype, v); }

static ex sigmoid(lowering *l, ex x) { // exp of a negative number only, so that nothing overflows
    ex e = call(l, TSR_F_EXP, sub(l, real(l, -0.0), call(l, TSR_F_ABS, x)));
    return op(l, TSR_DIV, choose(l, op(l, TSR_LT, x, real(l, 0)), e, real(l, 1)), add(l, real(l, 1), e));
}

static ex activated(lowering *l, tsr_activation which, ex x) {
    const tsr_attr *a = &l->node->attr;
    ex zero = real(l, 0), one = real(l, 1), alpha = real(l, (double)a->alpha), beta = real(l, (double)a->beta);
    if (a->clip_hi < INFINITY)
        x = op(l, TSR_MIN, op(l, TSR_MAX, x, real(l, -(double)a->clip_hi)), real(l, (double)a->clip_hi));
    switch (which) {
    case TSR_ACTIVATION_TANH: return call(l, TSR_F_TANH, x);
    case TSR_ACTIVATION_RELU: return op(l, TSR_MAX, x, zero);
    case TSR_ACTIVATION_AFFINE: return add(l, mul(l, alpha, x), beta);
    case TSR_ACTIVATION_LEAKY_RELU: return choose(l, op(l, TSR_LT, x, zero), mul(l, alpha, x), x);
    case TSR_ACTIVATION_THRESHOLDED_RELU: return choose(l, op(l, TSR_LE, alpha, x), x, zero);
    case TSR_ACTIVATION_SCALED_TANH: return mul(l, alpha, call(l, TSR_F_TANH, mul(l, beta, x)));
    case TSR_ACTIVATION_HARD_SIGMOID: return op(l, TSR_MIN, op(l, TSR_MAX, add(l, mul(l, alpha, x), beta), zero), one);
    case TSR_ACTIVATION_ELU: return choose(l, op(l, TSR_LT, x, zero), mul(l, alpha, sub(l, call(l, TSR_F_EXP, x), one)), x);
    case TSR_ACTIVATION_SOFTSIGN: return op(l, TSR_DIV, x, add(l, one, call(l, TSR_F_ABS, x)));
    case TSR_ACTIVATION_SOFTPLUS: {
        ex e = call(l, TSR_F_EXP, sub(l, real(l, -0.0), call(l, TSR_F_ABS, x)));
        return add(l, op(l, TSR_MAX, x, zero), call(l, TSR_F_LOG, add(l, one, e)));
    }
    default: return sigmoid(l, x);
    }
}

static ex state_index(lowering *l, const cell *c, ex k) { return add(l, scaled(l, var(l, c->b), c->hidden), k); }

// sums[first..first + count) = left * WEIGHTS of those columns, plus the gates' input part unless it is kept apart. `left`
// is the state when NULL.
static tsr_stmt *multiply(lowering *l, const cell *c, int64_t first, int64_t count, tsr_tbuffer *left, bool plus_gates) {
    tiles kinds[2];
    const unsigned kind_count = split_channels(count, kinds);
    tsr_stmt *parts[2];
    for (unsigned i = 0; i < kind_count; i++) {
        const tiles *kind = &kinds[i];
        tsr_tbuffer *acc = tsr_local(l->f, "acc", out(l, Y)->dtype, (uint64_t)kind->size), *copy;
        const tsr_var *tile = new_var(l, "tile"), *k = new_var(l, "k"),
                      *j[3] = {new_var(l, "j"), new_var(l, "j"), new_var(l, "j")};
        ex column[3];
        for (unsigned n = 0; n < 3; n++)
            column[n] = add(l, add(l, scaled(l, var(l, tile), kind->size), i64(l, first + kind->first)), var(l, j[n]));
        ex row = add(l, scaled(l, c->step, c->batch), var(l, c->b));
        ex gates = load(l, in_buffer(l, GATES), add(l, scaled(l, row, c->columns), column[0]));
        tsr_stmt *start = lanes(l, j[0], kind->size, store(l, acc, var(l, j[0]), plus_gates ? gates : real(l, 0)));
        ex from = left != NULL ? load(l, left, var(l, k)) : load(l, out_buffer(l, Y_H), state_index(l, c, var(l, k)));
        ex weight = load(l, in_buffer(l, WEIGHTS), add(l, scaled(l, var(l, k), c->columns), column[1]));
        tsr_stmt *sum = store(l, acc, var(l, j[1]), add(l, load(l, acc, var(l, j[1])), mul(l, from, weight)));
        tsr_stmt *body = loop(l, k, c->hidden, lanes(l, j[1], kind->size, sum));
        tsr_stmt *take = copy_local(l, acc, &copy);
        tsr_stmt *write = lanes(l, j[2], kind->size, store(l, c->sums, column[2], load(l, copy, var(l, j[2]))));
        parts[i] = loop(l, tile, kind->count, seq4(l, start, body, take, write));
    }
    return tsr_seq(l->arena, kind_count, parts);
}

static ex sum_at(lowering *l, const cell *c, int64_t gate, ex k) { return load(l, c->sums, add(l, i64(l, gate * c->hidden), k)); }

static ex peephole(lowering *l, const cell *c, ex sum, int64_t which, ex k, ex state) {
    if (!has_input(l, PEEPHOLES))
        return sum;
    return add(l, sum, mul(l, load(l, in_buffer(l, PEEPHOLES), add(l, i64(l, which * c->hidden), k)), state));
}

// The new state, in Y_H, and the element of the sequence's results.
static tsr_stmt *give(lowering *l, const cell *c, ex k, ex value) {
    ex row = add(l, scaled(l, c->step, c->batch), var(l, c->b)), at = state_index(l, c, k);
    return seq2(l, store(l, out_buffer(l, Y_H), at, value),
                store(l, out_buffer(l, Y), add(l, scaled(l, row, c->hidden), k), load(l, out_buffer(l, Y_H), at)));
}

static tsr_stmt *step_rnn(lowering *l, const cell *c) {
    const tsr_var *k = new_var(l, "k");
    ex value = activated(l, l->node->attr.gate_activation, sum_at(l, c, 0, var(l, k)));
    return seq2(l, multiply(l, c, 0, c->columns, NULL, true), lanes(l, k, c->hidden, give(l, c, var(l, k), value)));
}

// Columns: input, output, forget, candidate.
static tsr_stmt *step_lstm(lowering *l, const cell *c) {
    const tsr_attr *a = &l->node->attr;
    const tsr_var *kv[2] = {new_var(l, "k"), new_var(l, "k")};
    ex k = var(l, kv[0]), at = state_index(l, c, k), known = load(l, out_buffer(l, Y_C), at);
    ex input = activated(l, a->gate_activation, peephole(l, c, sum_at(l, c, 0, k), 0, k, known));
    ex forget = a->input_forget ? sub(l, real(l, 1), input)
                                : activated(l, a->gate_activation, peephole(l, c, sum_at(l, c, 2, k), 2, k, known));
    ex candidate = activated(l, a->cell_activation, sum_at(l, c, 3, k));
    tsr_stmt *next = store(l, out_buffer(l, Y_C), at, add(l, mul(l, forget, known), mul(l, input, candidate)));
    k = var(l, kv[1]);
    ex state = load(l, out_buffer(l, Y_C), state_index(l, c, k));
    ex output = activated(l, a->gate_activation, peephole(l, c, sum_at(l, c, 1, k), 1, k, state));
    ex value = mul(l, output, activated(l, a->output_activation, state));
    return seq3(l, multiply(l, c, 0, c->columns, NULL, true), lanes(l, kv[0], c->hidden, next),
                lanes(l, kv[1], c->hidden, give(l, c, k, value)));
}

// Columns: update, reset, candidate.
static tsr_stmt *step_gru(lowering *l, const cell *c) {
    const tsr_attr *a = &l->node->attr;
    const int64_t h = c->hidden;
    const tsr_var *kv[2] = {new_var(l, "k"), new_var(l, "k")};
    ex k[2] = {var(l, kv[0]), var(l, kv[1])};
    ex bias = has_input(l, CANDIDATE_BIAS) ? load(l, in_buffer(l, CANDIDATE_BIAS), k[1]) : real(l, 0);
    ex row = add(l, scaled(l, c->step, c->batch), var(l, c->b));
    ex input = load(l, in_buffer(l, GATES), add(l, scaled(l, row, c->columns), add(l, i64(l, 2 * h), k[1])));
    ex recurrent = add(l, sum_at(l, c, 2, k[1]), bias);
    tsr_stmt *first = multiply(l, c, 0, 2 * h, NULL, true), *second;
    if (a->linear_before_reset) {
        recurrent = mul(l, activated(l, a->gate_activation, sum_at(l, c, 1, k[1])), recurrent);
        second = multiply(l, c, 2 * h, h, NULL, false);
    } else {
        ex reset = activated(l, a->gate_activation, sum_at(l, c, 1, k[0]));
        ex left = mul(l, reset, load(l, out_buffer(l, Y_H), state_index(l, c, k[0])));
        second = seq2(l, lanes(l, kv[0], h, store(l, c->left, k[0], left)), multiply(l, c, 2 * h, h, c->left, false));
    }
    ex update = activated(l, a->gate_activation, sum_at(l, c, 0, k[1]));
    ex candidate = activated(l, a->cell_activation, add(l, input, recurrent));
    ex known = load(l, out_buffer(l, Y_H), state_index(l, c, k[1]));
    ex value = add(l, mul(l, sub(l, real(l, 1), update), candidate), mul(l, update, known));
    return seq3(l, first, second, lanes(l, kv[1], h, give(l, c, k[1], value)));
}

static tsr_stmt *start_state(lowering *l, const cell *c, uint32_t from, uint32_t to) {
    const tsr_var *i = new_var(l, "i");
    ex value = has_input(l, from) ? load(l, in_buffer(l, from), var(l, i)) : real(l, 0);
    return lanes(l, i, c->batch * c->hidden, store(l, out_buffer(l, to), var(l, i), value));
}

tsr_status lower_recurrent(lowering *l) {
    const tsr_tensor *y = out(l, Y);
    const tsr_attr *a = &l->node->attr;
    const bool lstm = a->cell == TSR_CELL_LSTM;
    cell c = {.steps = y->shape[0], .batch = y->shape[1], .hidden = y->shape[2], .columns = in(l, WEIGHTS)->shape[1]};
    c.t = new_var(l, "t");
    c.b = new_var(l, "b");
    c.step = a->reverse ? sub(l, i64(l, c.steps - 1), var(l, c.t)) : var(l, c.t);
    c.sums = tsr_tbuffer_create(l->arena, "sums", TSR_SCOPE_SCRATCH, y->dtype, (uint64_t)c.columns);
    if (a->cell == TSR_CELL_GRU && !a->linear_before_reset)
        c.left = tsr_tbuffer_create(l->arena, "left", TSR_SCOPE_SCRATCH, y->dtype, (uint64_t)c.hidden);
    tsr_stmt *step = lstm ? step_lstm(l, &c) : a->cell == TSR_CELL_GRU ? step_gru(l, &c) : step_rnn(l, &c);
    if (has_input(l, LENGTHS)) { // past the end of a sequence the state stays, the results are 0
        ex length = cast(l, TSR_I64, load(l, in_buffer(l, LENGTHS), var(l, c.b)));
        const tsr_var *k = new_var(l, "k");
        ex row = add(l, scaled(l, c.step, c.batch), var(l, c.b));
        tsr_stmt *none =
            lanes(l, k, c.hidden, store(l, out_buffer(l, Y), add(l, scaled(l, row, c.hidden), var(l, k)), real(l, 0)));
        step =
            seq2(l, tsr_if(l->arena, op(l, TSR_GE, c.step, length), none), tsr_if(l->arena, op(l, TSR_LT, c.step, length), step));
    }
    tsr_stmt *parts[3];
    uint32_t count = 0;
    parts[count++] = start_state(l, &c, START_H, Y_H);
    if (lstm)
        parts[count++] = start_state(l, &c, START_C, Y_C);
    parts[count++] = loop(l, c.t, c.steps, loop(l, c.b, c.batch, step));
    l->f->body = tsr_seq(l->arena, count, parts);
    return tsr_ok();
}
