// SPDX-License-Identifier: Apache-2.0
// Tensor programs: builders, checks, text; compiled code against the interpreter on random nests; the linker's errors.
#include <elf.h>
#include <math.h>

#include "check.h"
#include "machine.h"

GREATEST_MAIN_DEFS();

static uint64_t state = 1;
static uint32_t next(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

static char *text_of(const tsr_tensor_function *f, char *buffer, size_t size) {
    FILE *out = fmemopen(buffer, size, "w");
    tsr_tensor_print(f, out);
    fclose(out);
    return buffer;
}

// ---- builders, affine view, text ---------------------------------------------------------------------------------------
TEST constants_fold_and_neutral_operands_vanish(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = tsr_function_create(a, "f");
    const tsr_expr *v = tsr_var_expr(a, tsr_var_create(f, "i"));
    const tsr_expr *zero = tsr_int(a, TSR_I64, 0), *one = tsr_int(a, TSR_I64, 1);
    ASSERT(tsr_binary_expr(a, TSR_ADD, v, zero) == v);
    ASSERT(tsr_binary_expr(a, TSR_MUL, one, v) == v);
    ASSERT_EQ(0, tsr_binary_expr(a, TSR_MUL, v, zero)->value.i);
    const tsr_expr *wrapped = tsr_binary_expr(a, TSR_ADD, tsr_int(a, TSR_I8, 127), tsr_int(a, TSR_I8, 1));
    ASSERT(wrapped->kind == TSR_E_INT && wrapped->value.i == -128);
    ASSERT_EQ(0, tsr_binary_expr(a, TSR_DIV, tsr_int(a, TSR_I32, 5), tsr_int(a, TSR_I32, 0))->value.i);
    ASSERT_EQ(INT32_MAX, tsr_cast(a, TSR_I32, tsr_float(a, TSR_F32, 1e20))->value.i);
    ASSERT_EQ(0, tsr_cast(a, TSR_I32, tsr_float(a, TSR_F32, NAN))->value.i);
    tsr_arena_free(a);
    PASS();
}

TEST an_affine_index_splits_into_coefficients(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = tsr_function_create(a, "f");
    const tsr_var *i = tsr_var_create(f, "i"), *j = tsr_var_create(f, "j");
    const tsr_expr *vi = tsr_var_expr(a, i), *vj = tsr_var_expr(a, j), *eight = tsr_int(a, TSR_I64, 8);
    const tsr_expr *sum = tsr_binary_expr(a, TSR_ADD, tsr_binary_expr(a, TSR_MUL, vi, eight), vj);
    sum = tsr_binary_expr(a, TSR_SUB, sum, tsr_int(a, TSR_I64, 3));
    tsr_affine affine;
    ASSERT(tsr_affine_of(sum, &affine));
    ASSERT_EQ(8, tsr_affine_coefficient(&affine, i));
    ASSERT_EQ(1, tsr_affine_coefficient(&affine, j));
    ASSERT_EQ(-3, affine.constant);
    ASSERT_FALSE(tsr_affine_of(tsr_binary_expr(a, TSR_MUL, vi, vj), &affine));
    ASSERT(tsr_affine_of(tsr_binary_expr(a, TSR_SUB, vi, vi), &affine));
    ASSERT_EQ(0u, affine.count);
    tsr_arena_free(a);
    PASS();
}

static tsr_tensor_function *relu(tsr_arena *a, tsr_tbuffer **x, tsr_tbuffer **y, int64_t count) {
    tsr_tensor_function *f = tsr_function_create(a, "relu");
    *x = tsr_tbuffer_create(a, "x", TSR_SCOPE_WORK, TSR_I8, (uint64_t)count);
    *y = tsr_tbuffer_create(a, "y", TSR_SCOPE_WORK, TSR_I8, (uint64_t)count);
    const tsr_var *i = tsr_var_create(f, "i");
    const tsr_expr *v = tsr_var_expr(a, i);
    const tsr_expr *value = tsr_binary_expr(a, TSR_MAX, tsr_load(a, *x, v), tsr_int(a, TSR_I8, 0));
    f->body = tsr_for(a, i, count, TSR_FOR_VECTORIZE, tsr_store(a, *y, v, value));
    return f;
}

TEST a_program_prints_as_loops(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    char text[1024];
    ASSERT_STR_EQ("function relu\n  work i8 x[5]\n  work i8 y[5]\n  for i in 0..5 vectorize {\n    y[i] = max(x[i], 0:i8)\n  }\n",
                  text_of(relu(a, &x, &y, 5), text, sizeof text));
    tsr_arena_free(a);
    PASS();
}

// ---- checks ------------------------------------------------------------------------------------------------------------
TEST verify_names_a_variable_outside_of_its_loop(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    tsr_tensor_function *f = relu(a, &x, &y, 5);
    f->body = f->body->body;
    tsr_status status = tsr_tensor_verify(f);
    ASSERT_EQ(TSR_INTERNAL, status.code);
    ASSERT_STR_CONTAINS("variable i is used outside of its loop", status.message);
    tsr_arena_free(a);
    PASS();
}

TEST verify_refuses_wrong_types_and_stores_to_constants(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    tsr_tensor_function *f = relu(a, &x, &y, 5);
    y->scope = TSR_SCOPE_CONST;
    tsr_status status = tsr_tensor_verify(f);
    ASSERT_STR_CONTAINS("a store to constant y", status.message);
    y->scope = TSR_SCOPE_WORK;
    y->dtype = TSR_I16;
    status = tsr_tensor_verify(f);
    ASSERT_STR_CONTAINS("int8 is stored to y, a buffer of int16", status.message);
    y->dtype = TSR_I8;
    y->scope = TSR_SCOPE_LOCAL;
    status = tsr_tensor_verify(f);
    ASSERT_STR_CONTAINS("local buffer y belongs to another function", status.message);
    tsr_arena_free(a);
    PASS();
}

static void *no_storage(void *context, const tsr_tbuffer *buffer) {
    (void)buffer;
    return context;
}

TEST the_interpreter_names_an_index_out_of_range(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    tsr_tensor_function *f = relu(a, &x, &y, 5);
    x->elements = 4;
    char bytes[8] = {0};
    tsr_status status = tsr_tensor_interpret(f, no_storage, bytes);
    ASSERT_EQ(TSR_OUT_OF_RANGE, status.code);
    ASSERT_STR_CONTAINS("load of x[4], which has 4 elements", status.message);
    tsr_arena_free(a);
    PASS();
}

// ---- random nests ------------------------------------------------------------------------------------------------------
typedef struct generator {
    tsr_arena *arena;
    tsr_tensor_function *f;
    tsr_tbuffer *buffers[TSR_DTYPE_COUNT][2];
    const tsr_var *vars[3];
    unsigned depth;
} generator;

static const tsr_dtype all_types[] = {TSR_I8,  TSR_U8,  TSR_I16, TSR_U16, TSR_I32, TSR_U32,
                                      TSR_I64, TSR_U64, TSR_F32, TSR_F64, TSR_BOOL};
enum { TYPES = sizeof all_types / sizeof *all_types, ELEMENTS = 512 };

// Any index in range: a random affine form of the loop variables (extents up to 40, 3, 3), or one of data.
static const tsr_expr *random_index(generator *g) {
    const tsr_expr *index = tsr_int(g->arena, TSR_I64, next(100));
    static const uint32_t most[3] = {4, 30, 30};
    for (int i = 0; i < 3; i++)
        index = tsr_binary_expr(
            g->arena, TSR_ADD, index,
            tsr_binary_expr(g->arena, TSR_MUL, tsr_var_expr(g->arena, g->vars[i]), tsr_int(g->arena, TSR_I64, next(most[i]))));
    if (next(8) == 0)
        index = tsr_cast(g->arena, TSR_I64, tsr_load(g->arena, g->buffers[TSR_U8][0], index));
    return index;
}

static const tsr_expr *random_expr(generator *g, tsr_dtype type, unsigned depth) {
    tsr_arena *a = g->arena;
    bool is_float = tsr_dtype_is_float(type);
    if (depth == 0 || next(10) == 0) {
        if (next(3) != 0)
            return tsr_load(a, g->buffers[type][0], random_index(g));
        return is_float ? tsr_float(a, type, (double)next(2000) / 16 - 60) : tsr_int(a, type, (int64_t)next(300) - 150);
    }
    uint32_t kind = next(10);
    if (kind < 2)
        return tsr_cast(a, type, random_expr(g, all_types[next(TYPES)], depth - 1));
    if (kind < 4) {
        tsr_dtype other = all_types[next(TYPES)];
        const tsr_expr *x = random_expr(g, other, depth - 1), *y = random_expr(g, other, depth - 1);
        return tsr_select(a, tsr_binary_expr(a, TSR_EQ + next(6), x, y), random_expr(g, type, depth - 1),
                          random_expr(g, type, depth - 1));
    }
    const tsr_expr *x = random_expr(g, type, depth - 1);
    if (is_float && kind < 6) {
        static const tsr_function functions[] = {TSR_F_SQRT, TSR_F_FLOOR, TSR_F_CEIL, TSR_F_ROUND_EVEN,
                                                 TSR_F_ABS,  TSR_F_EXP,   TSR_F_TANH};
        x = tsr_call(a, TSR_F_ABS, x, NULL);
        return tsr_call(a, functions[next(7)], x, NULL);
    }
    const tsr_expr *y = next(4) == 0 ? x : random_expr(g, type, depth - 1); // shared operands too
    if (type == TSR_BOOL)
        return tsr_binary_expr(a, TSR_AND + next(3), x, y);
    static const tsr_binary float_ops[] = {TSR_ADD, TSR_SUB, TSR_MUL, TSR_MIN, TSR_MAX};
    return tsr_binary_expr(a, is_float ? float_ops[next(5)] : TSR_ADD + next(12), x, y);
}

static tsr_tensor_function *random_function(tsr_arena *a, unsigned seed) {
    generator g = {.arena = a, .f = tsr_function_create(a, "random")};
    state = seed;
    for (unsigned t = 0; t < TYPES; t++)
        for (int k = 0; k < 2; k++) // one that is read, one that is written: iterations stay independent
            g.buffers[all_types[t]][k] = tsr_tbuffer_create(a, tsr_arena_printf(a, "%s%d", tsr_dtype_name(all_types[t]), k),
                                                            TSR_SCOPE_WORK, all_types[t], ELEMENTS);
    for (int i = 0; i < 3; i++)
        g.vars[i] = tsr_var_create(g.f, "ijk" + i);
    tsr_stmt *stores[3];
    for (int s = 0; s < 3; s++) {
        tsr_dtype type = all_types[next(TYPES)];
        // Each iteration has an element of its own.
        const tsr_expr *at = tsr_var_expr(a, g.vars[0]);
        for (int i = 1; i < 3; i++)
            at = tsr_binary_expr(a, TSR_ADD, at,
                                 tsr_binary_expr(a, TSR_MUL, tsr_var_expr(a, g.vars[i]), tsr_int(a, TSR_I64, i == 1 ? 40 : 120)));
        stores[s] = tsr_store(a, g.buffers[type][1], at, random_expr(&g, type, 4));
    }
    tsr_stmt *body = tsr_seq(a, 3, stores);
    if (next(4) == 0)
        body = tsr_if(a, random_expr(&g, TSR_BOOL, 2), body);
    body = tsr_for(a, g.vars[0], 1 + next(40), next(4) == 0 ? TSR_FOR_SERIAL : TSR_FOR_VECTORIZE, body);
    body = tsr_for(a, g.vars[1], 1 + next(3), next(2) == 0 ? TSR_FOR_SERIAL : TSR_FOR_UNROLL, body);
    g.f->body = tsr_for(a, g.vars[2], 1 + next(3), TSR_FOR_SERIAL, body);
    return g.f;
}

static void fill(const machine *m, const tsr_tensor_function *f, tsr_arena *a) {
    tsr_tbuffer **buffers;
    uint32_t count = tsr_tensor_buffers(f, a, &buffers);
    for (uint32_t b = 0; b < count; b++) {
        uint8_t *bytes = machine_bytes(m, buffers[b]);
        for (uint64_t i = 0; i < buffers[b]->elements; i++) {
            float f32 = (float)((double)next(4000) / 32 - 60);
            double f64 = (double)next(4000) / 32 - 60;
            uint64_t whole = (uint64_t)next(UINT32_MAX) << 32 | next(UINT32_MAX);
            if (buffers[b]->dtype == TSR_F32)
                memcpy(bytes + 4 * i, &f32, 4);
            else if (buffers[b]->dtype == TSR_F64)
                memcpy(bytes + 8 * i, &f64, 8);
            else if (buffers[b]->dtype == TSR_BOOL)
                bytes[i] = whole & 1;
            else
                memcpy(bytes + tsr_dtype_size(buffers[b]->dtype) * i, &whole, tsr_dtype_size(buffers[b]->dtype));
        }
    }
}

// NaNs may differ in sign: two of them are the same here.
static bool same_bytes(const machine *m, const tsr_tensor_function *f, tsr_arena *a, const uint8_t *expected) {
    tsr_tbuffer **buffers;
    uint32_t count = tsr_tensor_buffers(f, a, &buffers);
    for (uint32_t b = 0; b < count; b++) {
        size_t size = tsr_dtype_size(buffers[b]->dtype);
        for (uint64_t i = 0; i < buffers[b]->elements; i++) {
            const uint8_t *x = m->work + buffers[b]->offset + size * i, *y = expected + buffers[b]->offset + size * i;
            float x32 = 0, y32 = 0;
            double x64 = 0, y64 = 0;
            memcpy(&x32, x, buffers[b]->dtype == TSR_F32 ? 4 : 0);
            memcpy(&y32, y, buffers[b]->dtype == TSR_F32 ? 4 : 0);
            memcpy(&x64, x, buffers[b]->dtype == TSR_F64 ? 8 : 0);
            memcpy(&y64, y, buffers[b]->dtype == TSR_F64 ? 8 : 0);
            if (memcmp(x, y, size) != 0 && !((isnan(x32) && isnan(y32)) || (isnan(x64) && isnan(y64)))) {
                fprintf(stderr, "%s[%llu] differs\n", buffers[b]->name, (unsigned long long)i);
                return false;
            }
        }
    }
    return true;
}

static check_result compare_random(const char *cpu, unsigned first, unsigned count) {
    tsr_arena *a = tsr_arena_create();
    const tsr_tensor_function **functions = TSR_NEW_ARRAY(a, const tsr_tensor_function *, count);
    for (unsigned i = 0; i < count; i++)
        functions[i] = random_function(a, first + i);
    machine m;
    ASSERT_OK(machine_create(a, functions, count, cpu, &m));
    uint8_t *before = tsr_arena_alloc(a, m.work_bytes + 1), *compiled = tsr_arena_alloc(a, m.work_bytes + 1);
    for (unsigned i = 0; i < count; i++) {
        state = first + i;
        fill(&m, functions[i], a);
        memcpy(before, m.work, m.work_bytes);
        machine_run(&m, i);
        memcpy(compiled, m.work, m.work_bytes);
        memcpy(m.work, before, m.work_bytes);
        ASSERT_OK(machine_interpret(&m, i));
        if (!same_bytes(&m, functions[i], a, compiled)) {
            fprintf(stderr, "random function %u\n", first + i);
            tsr_tensor_print(functions[i], stderr);
            FAILm("compiled code and interpreter differ");
        }
    }
    machine_free(&m);
    tsr_arena_free(a);
    PASS();
}

TEST native_code_computes_what_the_interpreter_computes(void) { return compare_random("native", 1, 60); }
TEST baseline_code_computes_what_the_interpreter_computes(void) { return compare_random("baseline", 1001, 20); }

// ---- host compiler and linker ------------------------------------------------------------------------------------------
TEST an_unknown_cpu_is_refused(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    const tsr_tensor_function *f = relu(a, &x, &y, 5);
    machine m;
    tsr_status status = machine_create(a, &f, 1, "z80", &m);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("z80", status.message);
    tsr_arena_free(a);
    PASS();
}

TEST locals_too_large_for_the_stack_are_refused(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    tsr_tensor_function *f = relu(a, &x, &y, 5);
    tsr_local(f, "big", TSR_F32, 5000);
    const tsr_tensor_function *functions = f;
    machine m;
    tsr_status status = machine_create(a, &functions, 1, "native", &m);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("work area", status.message);
    tsr_arena_free(a);
    PASS();
}

TEST code_lists_the_features_it_needs(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tbuffer *x, *y;
    const tsr_tensor_function *f = relu(a, &x, &y, 5);
    machine m;
    ASSERT_OK(machine_create(a, &f, 1, "baseline", &m));
    ASSERT_STR_EQ("sse3,ssse3,sse4.1", m.code.features);
    ASSERT_STR_CONTAINS("-", m.code.target);
    machine_free(&m);
    tsr_arena_free(a);
    PASS();
}

// An object with relocations: constants that live in .rodata.
static check_result make_object(tsr_arena *a, const tsr_host_options *options, uint8_t **object, size_t *size) {
    tsr_tensor_function *f = tsr_function_create(a, "f");
    tsr_tbuffer *y = tsr_tbuffer_create(a, "y", TSR_SCOPE_WORK, TSR_F32, 64);
    const tsr_var *i = tsr_var_create(f, "i");
    const tsr_expr *v = tsr_var_expr(a, i);
    const tsr_expr *value = tsr_binary_expr(a, TSR_MUL, tsr_cast(a, TSR_F32, v), tsr_float(a, TSR_F32, 0.37));
    f->body = tsr_for(a, i, 64, TSR_FOR_VECTORIZE, tsr_store(a, y, v, value));
    const tsr_tensor_function *functions = f;
    const char *target, *features;
    ASSERT_OK(tsr_host_object(a, &functions, 1, options, object, size, &target, &features));
    PASS();
}

TEST an_external_symbol_is_named(void) {
    tsr_arena *a = tsr_arena_create();
    uint8_t *object;
    size_t size;
    CHECK_CALL(make_object(a, NULL, &object, &size));
    const char *name = "f0";
    tsr_host_code code;
    ASSERT_OK(tsr_host_link(a, object, size, &name, 1, &code));
    ASSERT(code.code_bytes > 0 && code.entries[0] < code.code_bytes);
    const char *other = "nothing";
    ASSERT_EQ(TSR_NOT_FOUND, tsr_host_link(a, object, size, &other, 1, &code).code);
    // Every relocation now wants symbol f0, and f0 comes from elsewhere.
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
    Elf64_Shdr *sections = (Elf64_Shdr *)(object + header->e_shoff);
    uint64_t f0 = 0;
    for (int s = 0; s < header->e_shnum; s++)
        if (sections[s].sh_type == SHT_SYMTAB) {
            Elf64_Sym *symbols = (Elf64_Sym *)(object + sections[s].sh_offset);
            const char *strings = (const char *)object + sections[sections[s].sh_link].sh_offset;
            for (uint64_t i = 0; i < sections[s].sh_size / sizeof *symbols; i++)
                if (strcmp(strings + symbols[i].st_name, "f0") == 0) {
                    f0 = i;
                    symbols[i].st_shndx = SHN_UNDEF;
                }
        }
    for (int s = 0; s < header->e_shnum; s++)
        if (sections[s].sh_type == SHT_RELA)
            for (uint64_t i = 0; i < sections[s].sh_size / sizeof(Elf64_Rela); i++) {
                Elf64_Rela *r = (Elf64_Rela *)(object + sections[s].sh_offset) + i;
                r->r_info = ELF64_R_INFO(f0, ELF64_R_TYPE(r->r_info));
            }
    tsr_status status = tsr_host_link(a, object, size, &name, 1, &code);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("external symbol 'f0'", status.message);
    tsr_arena_free(a);
    PASS();
}

TEST a_relocation_that_is_not_relative_is_refused(void) {
    tsr_arena *a = tsr_arena_create();
    uint8_t *object;
    size_t size;
    CHECK_CALL(make_object(a, NULL, &object, &size));
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(object + header->e_shoff);
    for (int s = 0; s < header->e_shnum; s++)
        if (sections[s].sh_type == SHT_RELA && sections[s].sh_size > 0) {
            Elf64_Rela *r = (Elf64_Rela *)(object + sections[s].sh_offset);
            r->r_info = ELF64_R_INFO(ELF64_R_SYM(r->r_info), R_X86_64_64);
        }
    const char *name = "f0";
    tsr_host_code code;
    tsr_status status = tsr_host_link(a, object, size, &name, 1, &code);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("relocation type 1", status.message);
    tsr_arena_free(a);
    PASS();
}

// 32 and 64 bit, with addends beside and inside of the code.
TEST broken_objects_are_errors(const char *cpu_target) {
    tsr_arena *a = tsr_arena_create();
    uint8_t *object;
    size_t size;
    CHECK_CALL(make_object(a, &(tsr_host_options){.target = cpu_target, .cpu = "baseline"}, &object, &size));
    const char *name = "f0";
    tsr_host_code code;
    ASSERT_OK(tsr_host_link(a, object, size, &name, 1, &code));
    for (size_t length = 0; length < size; length += 7) {
        uint8_t *shorter = malloc(length + 1); // so that the address sanitizer sees a read past the end
        memcpy(shorter, object, length);
        ASSERT_NEQ(TSR_OK, tsr_host_link(a, shorter, length, &name, 1, &code).code);
        free(shorter);
    }
    state = 77;
    for (int round = 0; round < 2000; round++) { // any status will do, but no crash
        tsr_arena *scratch = tsr_arena_create();
        uint8_t *changed = malloc(size);
        memcpy(changed, object, size);
        for (int k = 0; k < 3; k++)
            changed[next((uint32_t)size)] = (uint8_t)next(256);
        tsr_host_link(scratch, changed, size, &name, 1, &code);
        free(changed);
        tsr_arena_free(scratch);
    }
    tsr_arena_free(a);
    PASS();
}

// A relocation of a place that the code cannot reach: the section in between has grown.
TEST a_place_out_of_reach_is_an_error(void) {
    tsr_arena *a = tsr_arena_create();
    uint8_t *object;
    size_t size;
    CHECK_CALL(make_object(a, &(tsr_host_options){.target = "aarch64", .cpu = "baseline"}, &object, &size));
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(object + header->e_shoff);
    for (int s = 0; s < header->e_shnum; s++)
        for (uint64_t i = 0; sections[s].sh_type == SHT_RELA && i < sections[s].sh_size / sizeof(Elf64_Rela); i++)
            ((Elf64_Rela *)(object + sections[s].sh_offset) + i)->r_addend = INT64_MAX;
    const char *name = "f0";
    tsr_host_code code;
    tsr_status status = tsr_host_link(a, object, size, &name, 1, &code);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("does not reach", status.message);
    tsr_arena_free(a);
    PASS();
}

SUITE(programs) {
    RUN_TEST(constants_fold_and_neutral_operands_vanish);
    RUN_TEST(an_affine_index_splits_into_coefficients);
    RUN_TEST(a_program_prints_as_loops);
    RUN_TEST(verify_names_a_variable_outside_of_its_loop);
    RUN_TEST(verify_refuses_wrong_types_and_stores_to_constants);
    RUN_TEST(the_interpreter_names_an_index_out_of_range);
}

SUITE(host) {
    RUN_TEST(native_code_computes_what_the_interpreter_computes);
    RUN_TEST(baseline_code_computes_what_the_interpreter_computes);
    RUN_TEST(an_unknown_cpu_is_refused);
    RUN_TEST(locals_too_large_for_the_stack_are_refused);
    RUN_TEST(code_lists_the_features_it_needs);
    RUN_TEST(an_external_symbol_is_named);
    RUN_TEST(a_relocation_that_is_not_relative_is_refused);
    RUN_TEST_AS("broken_objects_are_errors_x86_64", broken_objects_are_errors, "x86-64");
    RUN_TEST_AS("broken_objects_are_errors_aarch64", broken_objects_are_errors, "aarch64");
    RUN_TEST_AS("broken_objects_are_errors_armv7", broken_objects_are_errors, "armv7");
    RUN_TEST_AS("broken_objects_are_errors_riscv64", broken_objects_are_errors, "riscv64");
    RUN_TEST(a_place_out_of_reach_is_an_error);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(programs);
    RUN_SUITE(host);
    GREATEST_MAIN_END();
}
