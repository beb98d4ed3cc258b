// SPDX-License-Identifier: Apache-2.0
// Random programs under random schedules compute the bytes that the interpreter computes of the program as it was: interpreted
// after scheduling, and compiled. What primitives refuse is refused; that is not counted against them here (but some must
// be accepted, or the test tests nothing).
//
// TENSOR_SEED and TENSOR_COUNT choose the programs; a failure prints its seed, the program before, the steps and the program
// after, with as few steps as still fail.
#include <inttypes.h>
#include <stdarg.h>

#include "check.h"
#include "machine.h"
#include "text.h"
#include "tsr/schedule.h"

GREATEST_MAIN_DEFS();

static uint64_t state;
static uint32_t next(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}
static int between(int low, int high) { return low + (int)next((uint32_t)(high - low + 1)); }

// ---- random programs, as text ------------------------------------------------------------------------------------------
enum { ELEMENTS = 1024 }; // of each buffer
typedef struct program {
    char text[4000];
    size_t used;
} program;

static void put(program *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(program *p, const char *format, ...) {
    va_list list;
    va_start(list, format);
    p->used += (size_t)vsnprintf(p->text + p->used, sizeof p->text - p->used, format, list);
    va_end(list);
}

static void begin(program *p, const char *type, const char *narrow) {
    put(p, "function random\n  work %s x[%d]\n  work %s w[%d]\n  work %s y[%d]\n  work %s z[%d]\n  scratch %s p[%d]\n", narrow,
        ELEMENTS, narrow, ELEMENTS, type, ELEMENTS, type, ELEMENTS, type, ELEMENTS);
}

// y[i*W + j] = some value of x and w
static void elementwise(program *p, const char *type) {
    static const char *const values[] = {"(x[%s] + w[%s]) * x[%s]", "max(x[%s], w[%s]) - x[%s]",
                                         "select(x[%s] < w[%s], x[%s], w[0])", "min(x[%s] * w[%s], x[%s])"};
    const int rows = between(1, 7), columns = between(1, 12);
    char at[40], value[200];
    snprintf(at, sizeof at, "((i * %d) + j) + %d", columns + between(0, 3), between(0, 9));
    snprintf(value, sizeof value, values[next(4)], at, next(2) ? "j" : at, at);
    begin(p, type, type);
    put(p, "  for i in 0..%d {\n    for j in 0..%d {\n      y[%s] = %s\n    }\n  }\n", rows, columns, at, value);
}

static void matmul(program *p, const char *type, const char *narrow) {
    const int n = between(1, 8), m = between(1, 8), k = between(1, 8);
    begin(p, type, narrow);
    if (next(2))
        put(p, "  for i0 in 0..%d {\n    for j0 in 0..%d {\n      y[(i0 * %d) + j0] = 0:%s\n    }\n  }\n", n, m, m, type);
    put(p, "  for i in 0..%d {\n    for j in 0..%d {\n      for k in 0..%d {\n", n, m, k);
    put(p, "        y[(i * %d) + j] = y[(i * %d) + j] + (%s(x[(i * %d) + k]) * %s(w[(k * %d) + j]))\n      }\n    }\n  }\n", m, m,
        type, k, type, m);
}

// A sum over both loops, a maximum over one.
static void reduction(program *p, const char *type) {
    const int rows = between(1, 8), columns = between(1, 12);
    begin(p, type, type);
    put(p, "  for i in 0..%d {\n    for j in 0..%d {\n      y[%s] = %s(x[(i * %d) + j], y[%s])\n    }\n  }\n", rows, columns,
        next(2) ? "i" : "j", next(2) ? "min" : "max", columns, next(2) ? "i" : "j");
    put(p, "  for a in 0..%d {\n    for b in 0..%d {\n      z[0] = z[0] + x[(a * %d) + b]\n    }\n  }\n", rows, columns, columns);
}

// A picture computed in scratch, then windows of it.
static void stencil(program *p, const char *type) {
    const int rows = between(3, 10), columns = between(3, 10), kh = between(1, 3), kw = between(1, 3);
    begin(p, type, type);
    put(p, "  for py in 0..%d {\n    for px in 0..%d {\n      p[(py * %d) + px] = x[(py * %d) + px] - w[px]\n    }\n  }\n", rows,
        columns, columns, columns);
    put(p,
        "  for oy in 0..%d {\n    for ox in 0..%d {\n      y[(oy * 32) + ox] = 0:%s\n      for ky in 0..%d {\n        for kx in "
        "0..%d {\n",
        rows - kh + 1, columns - kw + 1, type, kh, kw);
    put(p, "          y[(oy * 32) + ox] = y[(oy * 32) + ox] + p[(((oy + ky) * %d) + ox) + kx]\n        }\n      }\n    }\n  }\n",
        columns);
}

// Iterations that depend on each other, at a random distance and direction.
static void carried(program *p, const char *type) {
    begin(p, type, type);
    put(p, "  for i in 0..%d {\n    for j in 0..%d {\n", between(1, 8), between(1, 10));
    put(p, "      y[((i * 16) + j) + %d] = y[((i * 16) + j) + %d] + x[i]\n", between(0, 34), between(0, 34));
    if (next(2))
        put(p, "      z[(i * 16) + j] = y[((i * 16) + j) + %d]\n", between(0, 34));
    put(p, "    }\n  }\n");
}

static const char *random_text(uint64_t seed, program *p) {
    static const char *const types[] = {"i32", "f32", "i64", "f64", "u8", "i16"};
    memset(p, 0, sizeof *p);
    state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    next(2);
    const char *type = types[next(6)];
    switch (next(5)) {
    case 0: elementwise(p, type); break;
    case 1: matmul(p, type, type[0] == 'f' ? type : "i8"); break;
    case 2: reduction(p, type); break;
    case 3: stencil(p, type); break;
    default: carried(p, type); break;
    }
    return p->text;
}

// ---- random schedules --------------------------------------------------------------------------------------------------
enum { MAX_STEPS = 8, MAX_LOOPS = 64, KINDS = 13 };

static uint32_t loops_of(const tsr_stmt *s, const tsr_var **out, uint32_t count) {
    if (s->kind == TSR_S_FOR && count < MAX_LOOPS)
        out[count++] = s->var;
    if (s->body != NULL)
        count = loops_of(s->body, out, count);
    for (uint32_t i = 0; i < s->item_count; i++)
        count = loops_of(s->items[i], out, count);
    return count;
}

static const tsr_stmt *find_loop(const tsr_stmt *s, const tsr_var *var) {
    const tsr_stmt *found = s->kind == TSR_S_FOR && s->var == var ? s : s->body != NULL ? find_loop(s->body, var) : NULL;
    for (uint32_t i = 0; i < s->item_count && found == NULL; i++)
        found = find_loop(s->items[i], var);
    return found;
}

// One random primitive; its words go to `log`.
static tsr_status random_step(tsr_arena *a, tsr_tensor_function *f, uint32_t *out_kind, const char **log) {
    const tsr_var *loops[MAX_LOOPS], *made[4];
    const uint32_t count = loops_of(f->body, loops, 0);
    if (count == 0)
        return tsr_error(TSR_NOT_FOUND, "no loops");
    const tsr_var *loop = loops[next(count)], *other = loops[next(count)];
    const tsr_stmt *at = find_loop(f->body, loop);
    const tsr_tail tail = (tsr_tail)next(3);
    tsr_tbuffer **buffers, *copy;
    const uint32_t buffer_count = tsr_tensor_buffers(f, a, &buffers);
    const tsr_tbuffer *buffer = buffers[next(buffer_count)];
    const tsr_scope scope = next(2) ? TSR_SCOPE_LOCAL : TSR_SCOPE_SCRATCH;
    const int64_t factor = between(1, 5);
    const uint32_t which = next(KINDS + 1);
    *out_kind = which < KINDS ? which : KINDS - 1;
    *log = tsr_arena_printf(a, "%u: loop %s, other %s, factor %" PRId64 ", tail %d, buffer %s, %s", which, loop->name,
                            other->name, factor, (int)tail, buffer->name, tsr_scope_name(scope));
    switch (which) {
    case 0:
    case 1: return tsr_schedule_split(f, loop, factor, tail, &made[0], &made[1]);
    case 2:
        if (at->body->kind != TSR_S_FOR)
            return tsr_error(TSR_UNSUPPORTED, "no loop inside");
        return tsr_schedule_fuse(f, loop, at->body->var, &made[0]);
    case 3:
    case 4:
    case 5: {
        const tsr_var *order[] = {loop, other, loops[next(count)]};
        return tsr_schedule_reorder(f, 2 + next(2), order, false);
    }
    case 6: {
        const tsr_var *inner = at->body->kind == TSR_S_FOR ? at->body->var : other;
        return tsr_schedule_tile(f, loop, inner, factor, between(1, 4), next(2) ? TSR_TAIL_GUARD : TSR_TAIL_NONE, made);
    }
    case 7: return tsr_schedule_vectorise(f, loop);
    case 8: return tsr_schedule_parallel(f, loop);
    case 9: return tsr_schedule_unroll(f, loop);
    case 10: return tsr_schedule_cache_read(f, loop, buffer, scope, &copy);
    case 11: return tsr_schedule_cache_write(f, loop, buffer, scope, &copy);
    default: return tsr_schedule_compute_at(f, buffer, loop);
    }
}

// ---- running -----------------------------------------------------------------------------------------------------------
typedef struct bytes_of_buffers {
    tsr_arena *arena;
    const char *names[16];
    uint8_t *bytes[16];
    uint32_t count;
} bytes_of_buffers;

static void *storage(void *context, const tsr_tbuffer *b) {
    bytes_of_buffers *m = context;
    for (uint32_t i = 0; i < m->count; i++)
        if (strcmp(m->names[i], b->name) == 0)
            return m->bytes[i];
    uint8_t *bytes = tsr_arena_alloc(m->arena, (size_t)b->elements * tsr_dtype_size(b->dtype));
    for (uint64_t i = 0; i < b->elements; i++) { // small whole numbers: sums and products of floats are exact
        const int64_t whole = (int64_t)(i * 7 + b->name[0]) % 13 - 6;
        const float f32 = (float)whole;
        const double f64 = (double)whole;
        const size_t size = tsr_dtype_size(b->dtype);
        memcpy(bytes + i * size,
               b->dtype == TSR_F32   ? (const void *)&f32
               : b->dtype == TSR_F64 ? (const void *)&f64
                                     : &whole,
               size);
    }
    m->names[m->count] = b->name;
    m->bytes[m->count++] = bytes;
    return bytes;
}

static const tsr_tbuffer *by_name(tsr_arena *a, const tsr_tensor_function *f, const char *name) {
    tsr_tbuffer **buffers;
    const uint32_t count = tsr_tensor_buffers(f, a, &buffers);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(buffers[i]->name, name) == 0 && buffers[i]->scope == TSR_SCOPE_WORK)
            return buffers[i];
    return NULL;
}

// What differs between two runs, or NULL.
static const char *difference(tsr_arena *a, const tsr_tensor_function *f, const bytes_of_buffers *want,
                              const uint8_t *(*get)(void *, const tsr_tbuffer *), void *context) {
    for (uint32_t i = 0; i < want->count; i++) {
        const tsr_tbuffer *b = by_name(a, f, want->names[i]);
        if (b != NULL && memcmp(want->bytes[i], get(context, b), b->elements * tsr_dtype_size(b->dtype)) != 0)
            return b->name;
    }
    return NULL;
}

static const uint8_t *interpreted_bytes(void *context, const tsr_tbuffer *b) { return storage(context, b); }
static const uint8_t *compiled_bytes(void *context, const tsr_tbuffer *b) { return machine_bytes(context, b); }

typedef struct trial {
    tsr_tensor_function *f; // scheduled
    bytes_of_buffers want;
    const char *before, *log[MAX_STEPS];
    uint32_t accepted[KINDS]; // of each kind
    const char *wrong;
} trial;

// Runs the schedule of a seed; bit i of skip leaves step i out. The state of the generator goes on as if it had run.
static tsr_status make_trial(tsr_arena *a, uint64_t seed, uint32_t skip, trial *t) {
    program p;
    memset(t, 0, sizeof *t);
    t->want.arena = a;
    t->before = tsr_arena_printf(a, "%s", random_text(seed, &p));
    TSR_TRY(parse_text(a, t->before, &t->f));
    TSR_TRY(tsr_tensor_interpret(t->f, storage, &t->want));
    for (uint32_t step = 0; step < MAX_STEPS; step++) {
        const char *log = "";
        uint32_t kind = 0;
        state = seed * 1000003 + step;
        next(2);
        if (skip >> step & 1)
            continue;
        const char *text = text_of(a, t->f);
        const tsr_status status = random_step(a, t->f, &kind, &log);
        if (status.code != TSR_OK && strcmp(text, text_of(a, t->f)) != 0)
            return tsr_error(TSR_INTERNAL, "a refused primitive changed the program: %s: %s", log, status.message);
        if (status.code == TSR_INTERNAL)
            return status;
        if (status.code != TSR_OK)
            continue;
        t->log[step] = log;
        t->accepted[kind]++;
        TSR_TRY(tsr_annotate(tsr_tensor_verify(t->f), "after %s", log));
    }
    bytes_of_buffers got = {.arena = a};
    TSR_TRY(tsr_tensor_interpret(t->f, storage, &got));
    t->wrong = difference(a, t->f, &t->want, interpreted_bytes, &got);
    return tsr_ok();
}

static bool compiled_differs(tsr_arena *a, trial *t) {
    machine m;
    const tsr_tensor_function *f = t->f;
    if (machine_create(a, &f, 1, "baseline", &m).code != TSR_OK)
        return false;
    tsr_tbuffer **buffers;
    const uint32_t count = tsr_tensor_buffers(f, a, &buffers);
    bytes_of_buffers start = {.arena = a};
    for (uint32_t i = 0; i < count; i++)
        memcpy(machine_bytes(&m, buffers[i]), storage(&start, buffers[i]),
               buffers[i]->elements * tsr_dtype_size(buffers[i]->dtype));
    machine_run(&m, 0);
    t->wrong = difference(a, f, &t->want, compiled_bytes, &m);
    machine_free(&m);
    return t->wrong != NULL;
}

static bool fails(uint64_t seed, uint32_t skip, bool compiled) {
    tsr_arena *a = tsr_arena_create();
    trial t;
    const tsr_status status = make_trial(a, seed, skip, &t);
    const bool bad = status.code != TSR_OK || t.wrong != NULL || (compiled && compiled_differs(a, &t));
    tsr_arena_free(a);
    return bad;
}

static void report(uint64_t seed, bool compiled) {
    uint32_t skip = 0;
    for (uint32_t step = 0; step < MAX_STEPS; step++) // leave out what is not needed to fail
        if (fails(seed, skip | 1u << step, compiled))
            skip |= 1u << step;
    tsr_arena *a = tsr_arena_create();
    trial t;
    const tsr_status status = make_trial(a, seed, skip, &t);
    if (compiled && status.code == TSR_OK)
        compiled_differs(a, &t);
    fprintf(stderr, "TENSOR_SEED=%" PRIu64 " TENSOR_COUNT=1: %s %s%s\n%s", seed,
            compiled ? "compiled:" : "interpreted:", status.message, t.wrong != NULL ? t.wrong : "", t.before);
    for (uint32_t step = 0; step < MAX_STEPS; step++)
        if (t.log[step] != NULL)
            fprintf(stderr, "step %s\n", t.log[step]);
    if (t.f != NULL)
        fputs(text_of(a, t.f), stderr);
    tsr_arena_free(a);
}

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

TEST scheduled_programs_compute_what_they_computed(void) {
    const uint64_t first = number_of("TENSOR_SEED", 1), count = number_of("TENSOR_COUNT", 1500);
    uint64_t accepted[KINDS] = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        tsr_arena *a = tsr_arena_create();
        trial t;
        const tsr_status status = make_trial(a, seed, 0, &t);
        const bool bad = status.code != TSR_OK || t.wrong != NULL;
        for (int k = 0; k < KINDS; k++)
            accepted[k] += t.accepted[k];
        tsr_arena_free(a);
        if (bad) {
            report(seed, false);
            FAILm("the scheduled program computes something else");
        }
    }
    for (int k = 0; k < KINDS; k++)
        if (accepted[k] < count / 100) {
            fprintf(stderr, "primitive %d was accepted %" PRIu64 " times only\n", k, accepted[k]);
            FAILm("too few are accepted to test anything");
        }
    PASS();
}

TEST scheduled_programs_compute_the_same_when_compiled(void) {
    enum { AT_ONCE = 40 }; // in one module: LLVM starts slowly
    const uint64_t first = number_of("TENSOR_SEED", 1), count = number_of("TENSOR_COUNT", 1500) / 5 + 1;
    for (uint64_t seed = first; seed < first + count; seed += AT_ONCE) {
        tsr_arena *a = tsr_arena_create();
        const uint32_t n = (uint32_t)(first + count - seed < AT_ONCE ? first + count - seed : AT_ONCE);
        trial *trials = TSR_NEW_ARRAY(a, trial, n);
        const tsr_tensor_function **functions = TSR_NEW_ARRAY(a, const tsr_tensor_function *, n);
        for (uint32_t i = 0; i < n; i++) {
            ASSERT_OK(make_trial(a, seed + i, 0, &trials[i]));
            functions[i] = trials[i].f;
        }
        machine m;
        ASSERT_OK(machine_create(a, functions, n, seed / AT_ONCE % 2 ? "native" : "baseline", &m));
        for (uint32_t i = 0; i < n; i++) {
            tsr_tbuffer **buffers;
            const uint32_t used = tsr_tensor_buffers(functions[i], a, &buffers);
            bytes_of_buffers start = {.arena = a};
            for (uint32_t b = 0; b < used; b++)
                memcpy(machine_bytes(&m, buffers[b]), storage(&start, buffers[b]),
                       buffers[b]->elements * tsr_dtype_size(buffers[b]->dtype));
            machine_run(&m, i);
            if (difference(a, functions[i], &trials[i].want, compiled_bytes, &m) != NULL) {
                report(seed + i, true);
                FAILm("the compiled program computes something else");
            }
        }
        machine_free(&m);
        tsr_arena_free(a);
    }
    PASS();
}

SUITE(random_schedules) {
    RUN_TEST(scheduled_programs_compute_what_they_computed);
    RUN_TEST(scheduled_programs_compute_the_same_when_compiled);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(random_schedules);
    GREATEST_MAIN_END();
}
