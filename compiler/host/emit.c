// SPDX-License-Identifier: Apache-2.0
// Loops become loops, VECTORIZE loops become vector instructions of a fixed number of lanes right here: LLVM's own
// vectoriser is off, since it would have to find out again what the tensor program already says.
#include "emitter.h"

#include <stdio.h>
#include <string.h>

#include "tsr/program.h"

static LLVMValueRef emit_expr(emitter *m, const tsr_expr *e, bool lanes);
static void emit_stmt(emitter *m, const tsr_stmt *s);

// ---- memory ------------------------------------------------------------------------------------------------------------
static LLVMValueRef base_of(emitter *m, const tsr_tbuffer *buffer) {
    LLVMTypeRef byte = LLVMInt8TypeInContext(m->context);
    if (buffer->scope == TSR_SCOPE_LOCAL) {
        for (uint32_t i = 0; i < m->f->local_count; i++)
            if (m->f->locals[i] == buffer)
                return m->locals[i];
    }
    LLVMValueRef offset = int64(m, (int64_t)buffer->offset);
    return LLVMBuildInBoundsGEP2(m->builder, byte, buffer->scope == TSR_SCOPE_CONST ? m->frame.consts : m->frame.work, &offset, 1,
                                 "");
}

static LLVMValueRef address(emitter *m, const tsr_tbuffer *buffer, LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(m->builder, memory_type(m, buffer->dtype), base_of(m, buffer), &index, 1, "");
}

static void mark_access(emitter *m, LLVMValueRef access, const tsr_tbuffer *buffer) {
    LLVMSetAlignment(access, (unsigned)tsr_dtype_size(buffer->dtype));
    if (buffer->scope == TSR_SCOPE_CONST || buffer->scope == TSR_SCOPE_LOCAL || m->range_count < 2)
        return;
    for (unsigned i = 0; i < m->range_count; i++)
        if (buffer->offset >= m->ranges[i].begin && buffer->offset < m->ranges[i].end) {
            LLVMSetMetadata(access, m->scope_kind, m->scope[i]);
            LLVMSetMetadata(access, m->noalias_kind, m->others[i]);
        }
}

static LLVMValueRef load_at(emitter *m, const tsr_tbuffer *buffer, LLVMValueRef index, bool lanes) {
    LLVMValueRef value =
        LLVMBuildLoad2(m->builder, widen(m, memory_type(m, buffer->dtype), lanes), address(m, buffer, index), "");
    mark_access(m, value, buffer);
    if (buffer->dtype == TSR_BOOL)
        value = LLVMBuildICmp(m->builder, LLVMIntNE, value, LLVMConstNull(LLVMTypeOf(value)), "");
    return value;
}

static void store_at(emitter *m, const tsr_tbuffer *buffer, LLVMValueRef index, LLVMValueRef value) {
    if (buffer->dtype == TSR_BOOL)
        value = LLVMBuildZExt(m->builder, value, widen(m, memory_type(m, TSR_BOOL), is_vector(value)), "");
    mark_access(m, LLVMBuildStore(m->builder, value, address(m, buffer, index)), buffer);
}

static LLVMValueRef emit_index(emitter *m, const tsr_expr *e, bool lanes) {
    bool outer = m->in_index;
    m->in_index = true;
    LLVMValueRef value = emit_expr(m, e, lanes);
    m->in_index = outer;
    return value;
}

static LLVMValueRef emit_load(emitter *m, const tsr_expr *e, bool lanes) {
    const tsr_tbuffer *buffer = e->value.buffer;
    int64_t stride;
    if (!lanes)
        return load_at(m, buffer, emit_index(m, e->a, false), false);
    bool constant_stride = tsr_stride(e->a, m->lane_var, &stride);
    if (constant_stride && stride == 1)
        return load_at(m, buffer, emit_index(m, e->a, false), true);
    LLVMValueRef first = emit_index(m, e->a, !constant_stride);
    LLVMValueRef value = LLVMGetPoison(LLVMVectorType(scalar_type(m, e->dtype), m->lanes));
    for (unsigned i = 0; i < m->lanes; i++) {
        LLVMValueRef index = constant_stride ? LLVMBuildNSWAdd(m->builder, first, int64(m, stride * (int64_t)i), "")
                                             : LLVMBuildExtractElement(m->builder, first, int32(m, i), "");
        value = LLVMBuildInsertElement(m->builder, value, load_at(m, buffer, index, false), int32(m, i), "");
    }
    return value;
}

// local[i] = local[i] + a * b: a product that goes into a sum may go there without being rounded.
static bool accumulates(const tsr_stmt *s) {
    const tsr_expr *e = s->value;
    return s->buffer->scope == TSR_SCOPE_LOCAL && tsr_dtype_is_float(e->dtype) && e->kind == TSR_E_BINARY &&
           e->value.binary == TSR_ADD && e->a->kind == TSR_E_LOAD && e->a->value.buffer == s->buffer && e->a->a == s->index &&
           e->b->kind == TSR_E_BINARY && e->b->value.binary == TSR_MUL;
}

static void emit_store(emitter *m, const tsr_stmt *s) {
    m->known_count = 0;
    m->contract = accumulates(s);
    LLVMValueRef value = emit_expr(m, s->value, m->lane_var != NULL);
    m->contract = false;
    LLVMValueRef index = emit_index(m, s->index, false);
    int64_t stride = 1;
    if (m->lane_var == NULL) {
        store_at(m, s->buffer, index, value);
        return;
    }
    tsr_stride(s->index, m->lane_var, &stride);
    value = splat(m, value);
    if (stride == 1) {
        store_at(m, s->buffer, index, value);
        return;
    }
    for (unsigned i = 0; i < m->lanes; i++)
        store_at(m, s->buffer, LLVMBuildNSWAdd(m->builder, index, int64(m, stride * (int64_t)i), ""),
                 LLVMBuildExtractElement(m->builder, value, int32(m, i), ""));
}

// ---- expressions -------------------------------------------------------------------------------------------------------
static LLVMValueRef emit_select(emitter *m, const tsr_expr *e, bool lanes) {
    LLVMValueRef condition = emit_expr(m, e->a, lanes && tsr_depends(e->a, m->lane_var));
    if (!tsr_needs_guard(e->b, e->a) && !tsr_needs_guard(e->c, e->a)) {
        LLVMValueRef yes = emit_expr(m, e->b, lanes), no = emit_expr(m, e->c, lanes);
        if (lanes)
            return choose(m, condition, splat(m, yes), splat(m, no));
        return choose(m, condition, yes, no);
    }
    LLVMBasicBlockRef yes_block = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "yes");
    LLVMBasicBlockRef no_block = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "no");
    LLVMBasicBlockRef join = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "join");
    LLVMBuildCondBr(m->builder, condition, yes_block, no_block);
    LLVMValueRef values[2];
    LLVMBasicBlockRef ends[2];
    for (int i = 0; i < 2; i++) {
        unsigned before = m->known_count; // what an arm computes does not reach past it
        LLVMPositionBuilderAtEnd(m->builder, i == 0 ? yes_block : no_block);
        values[i] = emit_expr(m, i == 0 ? e->b : e->c, lanes);
        if (lanes)
            values[i] = splat(m, values[i]);
        ends[i] = LLVMGetInsertBlock(m->builder);
        LLVMBuildBr(m->builder, join);
        m->known_count = before;
    }
    LLVMPositionBuilderAtEnd(m->builder, join);
    LLVMValueRef phi = LLVMBuildPhi(m->builder, LLVMTypeOf(values[0]), "");
    LLVMAddIncoming(phi, values, ends, 2);
    return phi;
}

// `count` elements for each lane of w, which follow each other, and the same of x, which all lanes share.
static void load_neighbours(emitter *m, const tsr_expr *w, const tsr_expr *x, unsigned count, LLVMValueRef *out_w,
                            LLVMValueRef *out_x) {
    LLVMTypeRef element = scalar_type(m, w->dtype), all = LLVMVectorType(element, count * m->lanes);
    LLVMTypeRef shared = LLVMIntTypeInContext(m->context, count * 8 * (unsigned)tsr_dtype_size(x->dtype));
    *out_w = LLVMBuildLoad2(m->builder, all, address(m, w->value.buffer, emit_index(m, w->a, false)), "");
    mark_access(m, *out_w, w->value.buffer);
    LLVMValueRef group = LLVMBuildLoad2(m->builder, shared, address(m, x->value.buffer, emit_index(m, x->a, false)), "");
    mark_access(m, group, x->value.buffer);
    *out_x = LLVMBuildBitCast(m->builder, splat(m, group), all, "");
}

static LLVMValueRef emit_pair(emitter *m, const tsr_expr *w, const tsr_expr *x) { // idiom.c
    LLVMValueRef weights, pairs;
    load_neighbours(m, w, x, 2, &weights, &pairs);
    return tsr_emit_pair(m->builder, m->module, m->frame.function, weights, pairs, m->lanes);
}

static LLVMValueRef emit_quad(emitter *m, const tsr_quad *q) { // idiom_quad.c
    LLVMValueRef sum = splat(m, emit_expr(m, q->sum, true)), weights, quads;
    load_neighbours(m, q->w, q->x, 4, &weights, &quads);
    return tsr_emit_quad(m->builder, m->module, m->frame.function, sum, weights, quads, q->x->dtype == TSR_I8, m->lanes);
}

static LLVMValueRef emit_high(emitter *m, const tsr_high_product *p) {
    LLVMValueRef a = splat(m, emit_expr(m, p->a, true)), b = splat(m, emit_expr(m, p->b, true));
    if (p->b->kind == TSR_E_INT)
        b = LLVMBuildTrunc(m->builder, b, LLVMTypeOf(a), "");
    return tsr_emit_high(m->builder, a, b, splat(m, emit_expr(m, p->c, true)), p->shift, m->lanes);
}

// (int32)a * (int32)b of int16. A shared b becomes a vector before it is widened: then NEON has one instruction for it (smlal).
static bool is_widening_product(const tsr_expr *e) {
    return e->kind == TSR_E_BINARY && e->value.binary == TSR_MUL && e->dtype == TSR_I32 && e->a->kind == TSR_E_CAST &&
           e->a->a->dtype == TSR_I16 && e->b->kind == TSR_E_CAST && e->b->a->dtype == TSR_I16;
}

static LLVMValueRef emit_operator(emitter *m, const tsr_expr *e, bool lanes) {
    if (e->kind == TSR_E_SELECT)
        return emit_select(m, e, lanes);
    const tsr_expr *w, *x;
    if (lanes && tsr_match_pair(e, m->lane_var, &w, &x))
        return emit_pair(m, w, x);
    tsr_quad quad;
    if (lanes && tsr_match_quad(e, m->lane_var, &quad))
        return emit_quad(m, &quad);
    if (lanes && tsr_match_wide_product(m->module, e)) {
        LLVMTypeRef wide = type_of(m, TSR_I32, true);
        LLVMValueRef factor = LLVMBuildSExt(m->builder, splat(m, emit_expr(m, e->a->a, true)), wide, "");
        return LLVMBuildMul(m->builder, factor, LLVMBuildSExt(m->builder, splat(m, emit_expr(m, e->b->a, true)), wide, ""), "");
    }
    tsr_high_product high;
    if (lanes && tsr_match_high(e, &high) && tsr_has_high(m->module, m->lanes))
        return emit_high(m, &high);
    if (lanes && is_widening_product(e) && tsr_depends(e->a, m->lane_var) && !tsr_depends(e->b, m->lane_var)) {
        LLVMValueRef wide = emit_expr(m, e->a, true), narrow = splat(m, emit_expr(m, e->b->a, false));
        return LLVMBuildMul(m->builder, wide, LLVMBuildSExt(m->builder, narrow, type_of(m, TSR_I32, true), ""), "");
    }
    LLVMValueRef a = emit_expr(m, e->a, lanes), b = e->b != NULL ? emit_expr(m, e->b, lanes) : NULL;
    if (b != NULL && is_vector(a) != is_vector(b)) {
        a = splat(m, a);
        b = splat(m, b);
    }
    switch (e->kind) {
    case TSR_E_BINARY:
        return tsr_dtype_is_float(e->a->dtype) ? emit_float_binary(m, e->value.binary, a, b) : emit_int_binary(m, e, a, b);
    case TSR_E_CAST: return emit_cast(m, e, a);
    case TSR_E_BITCAST: return LLVMBuildBitCast(m->builder, a, type_of(m, e->dtype, is_vector(a)), "");
    case TSR_E_CALL: return emit_call(m, e->value.function, a, b);
    default: return a;
    }
}

// With `lanes` the value for every lane of the current vector, but a scalar where all lanes agree; without it the value
// for lane 0.
static LLVMValueRef emit_expr(emitter *m, const tsr_expr *e, bool lanes) {
    lanes = lanes && tsr_depends(e, m->lane_var);
    if (e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT)
        return constant(m, e, false);
    if (e->kind == TSR_E_VAR) {
        LLVMValueRef value = m->vars[e->value.var->id];
        return lanes ? LLVMBuildAdd(m->builder, splat(m, value), lane_numbers(m, 1), "") : value;
    }
    for (unsigned i = m->known_count; i-- > 0;)
        if (m->known[i].expr == e && m->known[i].lanes == lanes)
            return m->known[i].value;
    bool outer = m->in_index;
    m->in_index = outer && e->kind == TSR_E_BINARY && e->dtype == TSR_I64;
    LLVMValueRef value = e->kind == TSR_E_LOAD ? emit_load(m, e, lanes) : emit_operator(m, e, lanes);
    m->in_index = outer;
    if (m->known_count < MAX_KNOWN)
        m->known[m->known_count++] = (known){e, value, lanes};
    return value;
}

// ---- statements --------------------------------------------------------------------------------------------------------
// for (var = first; var < end; var += step), at least once
static void emit_loop(emitter *m, const tsr_stmt *loop, LLVMValueRef first, LLVMValueRef end, int64_t step) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(m->builder);
    LLVMBasicBlockRef body = LLVMAppendBasicBlockInContext(m->context, m->frame.function, loop->var->name);
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "after");
    LLVMBuildBr(m->builder, body);
    LLVMPositionBuilderAtEnd(m->builder, body);
    LLVMValueRef phi = LLVMBuildPhi(m->builder, LLVMInt64TypeInContext(m->context), loop->var->name);
    m->vars[loop->var->id] = phi;
    emit_stmt(m, loop->body);
    LLVMValueRef next = LLVMBuildNSWAdd(m->builder, phi, int64(m, step), "");
    LLVMBasicBlockRef last = LLVMGetInsertBlock(m->builder);
    LLVMBuildCondBr(m->builder, LLVMBuildICmp(m->builder, LLVMIntSLT, next, end, ""), body, after);
    LLVMValueRef values[] = {first, next};
    LLVMBasicBlockRef blocks[] = {before, last};
    LLVMAddIncoming(phi, values, blocks, 2);
    LLVMPositionBuilderAtEnd(m->builder, after);
}

// A short rest is one odd vector, a longer one begins with a power of two, which is a whole number of registers.
static unsigned rest_lanes(int64_t rest) {
    enum { SHORT = 8 };
    unsigned lanes = SHORT;
    while (2 * lanes <= rest)
        lanes *= 2;
    return rest < SHORT ? (unsigned)rest : lanes;
}

// Whole vectors, then short ones for the rest. Few vectors are laid out one after another, so that an accumulator buffer is only
// addressed by constants and can live in registers.
static void emit_vector_loop(emitter *m, const tsr_stmt *loop, unsigned lanes, bool heavy) {
    int64_t whole = loop->extent / lanes, rest = loop->extent % lanes;
    m->lane_var = loop->var;
    m->lanes = lanes;
    if (whole > 4 || (whole > 1 && heavy)) {
        emit_loop(m, loop, int64(m, 0), int64(m, whole * lanes), lanes);
    } else {
        for (int64_t i = 0; i < whole; i++) {
            m->vars[loop->var->id] = int64(m, i * lanes);
            emit_stmt(m, loop->body);
        }
    }
    for (int64_t at = whole * lanes; rest > 0; at += m->lanes, rest -= m->lanes) {
        m->vars[loop->var->id] = int64(m, at);
        m->lanes = rest_lanes(rest);
        if (m->lanes == 1)
            m->lane_var = NULL;
        emit_stmt(m, loop->body);
    }
    m->lane_var = NULL;
}

static void allocate_locals(emitter *m) {
    for (uint32_t i = 0; i < m->f->local_count; i++) {
        const tsr_tbuffer *local = m->f->locals[i];
        m->locals[i] = LLVMBuildAlloca(m->builder, LLVMArrayType2(memory_type(m, local->dtype), local->elements), "");
        LLVMSetAlignment(m->locals[i], 64);
    }
}

// See emit_parallel.c. Inside of it, everything is as in a function of its own.
static void emit_parallel(emitter *m, const tsr_stmt *s) {
    const tsr_frame frame = m->frame;
    LLVMValueRef *outer = TSR_NEW_ARRAY(m->arena, LLVMValueRef, m->active_count + 1), first, end;
    LLVMValueRef *vars = m->vars, *locals = m->locals;
    for (unsigned i = 0; i < m->active_count; i++)
        outer[i] = vars[m->active[i]->id];
    LLVMBasicBlockRef back = tsr_outline(m->builder, m->module, tsr_arena_printf(m->arena, "%s.body%u", m->name, m->bodies++),
                                         m->options, &m->frame, outer, m->active_count, s->extent, &first, &end);
    m->vars = TSR_NEW_ARRAY(m->arena, LLVMValueRef, m->f->var_count + 1);
    m->locals = TSR_NEW_ARRAY(m->arena, LLVMValueRef, m->f->local_count + 1);
    for (unsigned i = 0; i < m->active_count; i++)
        m->vars[m->active[i]->id] = outer[i];
    allocate_locals(m);
    m->in_parallel = true;
    emit_loop(m, s, first, end, 1);
    m->in_parallel = false;
    LLVMBuildRetVoid(m->builder);
    LLVMPositionBuilderAtEnd(m->builder, back);
    m->frame = frame;
    m->vars = vars;
    m->locals = locals;
}

static bool is_parallel(const emitter *m, const tsr_stmt *s) {
    return s->for_kind == TSR_FOR_PARALLEL && !m->in_parallel && m->lane_var == NULL && s->extent > 1 && s->extent <= INT32_MAX &&
           tsr_work_of(s) >= m->options->least_parallel;
}

static void emit_for(emitter *m, const tsr_stmt *s) {
    enum { MAX_UNROLLED = 16 };
    if (s->extent <= 0)
        return;
    bool heavy = false;
    unsigned lanes = m->lane_var == NULL ? tsr_lanes(s, &heavy) : 1;
    bool parallel = is_parallel(m, s);
    if (!parallel)
        m->active[m->active_count++] = s->var;
    if (parallel) {
        emit_parallel(m, s);
    } else if (lanes > 1) {
        emit_vector_loop(m, s, lanes, heavy);
    } else if (s->extent == 1 || (s->for_kind == TSR_FOR_UNROLL && s->extent <= MAX_UNROLLED)) {
        for (int64_t i = 0; i < s->extent; i++) {
            m->vars[s->var->id] = int64(m, i);
            emit_stmt(m, s->body);
        }
    } else {
        emit_loop(m, s, int64(m, 0), int64(m, s->extent), 1);
    }
    if (!parallel)
        m->active_count--;
}

static void emit_if(emitter *m, const tsr_stmt *s) {
    m->known_count = 0;
    LLVMValueRef condition = emit_expr(m, s->condition, false);
    LLVMBasicBlockRef then = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "then");
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(m->context, m->frame.function, "after");
    LLVMBuildCondBr(m->builder, condition, then, after);
    LLVMPositionBuilderAtEnd(m->builder, then);
    emit_stmt(m, s->body);
    LLVMBuildBr(m->builder, after);
    LLVMPositionBuilderAtEnd(m->builder, after);
}

static void emit_stmt(emitter *m, const tsr_stmt *s) {
    switch (s->kind) {
    case TSR_S_FOR: emit_for(m, s); return;
    case TSR_S_STORE: emit_store(m, s); return;
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            emit_stmt(m, s->items[i]);
        return;
    case TSR_S_IF: emit_if(m, s); return;
    case TSR_S_TENSORISED: emit_stmt(m, s->body); return;
    }
}

// ---- the function around them ------------------------------------------------------------------------------------------
// WORK buffers that share bytes fall into one range; accesses of different ranges are declared not to alias.
static tsr_status find_ranges(emitter *m, tsr_tbuffer *const *buffers, uint32_t count) {
    m->ranges = TSR_NEW_ARRAY(m->arena, range, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const tsr_tbuffer *b = buffers[i];
        if (b->scope != TSR_SCOPE_CONST && b->scope != TSR_SCOPE_WORK && b->scope != TSR_SCOPE_SCRATCH)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: host code cannot reach buffer %s in memory '%s'", m->f->name, b->name,
                             tsr_scope_name(b->scope));
        if (b->offset % tsr_dtype_size(b->dtype) != 0)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: buffer %s of %s lies at offset %llu, which is not aligned", m->f->name,
                             b->name, tsr_dtype_name(b->dtype), (unsigned long long)b->offset);
        if (b->scope == TSR_SCOPE_CONST)
            continue;
        range now = {b->offset, b->offset + b->elements * tsr_dtype_size(b->dtype)};
        if (now.end == now.begin)
            now.end++;
        for (unsigned j = 0; j < m->range_count;) {
            range *other = &m->ranges[j];
            if (now.begin < other->end && other->begin < now.end) {
                now.begin = other->begin < now.begin ? other->begin : now.begin;
                now.end = other->end > now.end ? other->end : now.end;
                *other = m->ranges[--m->range_count];
                j = 0;
            } else {
                j++;
            }
        }
        m->ranges[m->range_count++] = now;
    }
    return tsr_ok();
}

static LLVMMetadataRef text(emitter *m, const char *string) { return LLVMMDStringInContext2(m->context, string, strlen(string)); }

static void make_scopes(emitter *m, const char *name) {
    unsigned count = m->range_count;
    LLVMMetadataRef domain_name = text(m, name);
    LLVMMetadataRef domain = LLVMMDNodeInContext2(m->context, &domain_name, 1);
    LLVMMetadataRef *scopes = TSR_NEW_ARRAY(m->arena, LLVMMetadataRef, count + 1);
    LLVMMetadataRef *rest = TSR_NEW_ARRAY(m->arena, LLVMMetadataRef, count + 1);
    m->scope = TSR_NEW_ARRAY(m->arena, LLVMValueRef, count + 1);
    m->others = TSR_NEW_ARRAY(m->arena, LLVMValueRef, count + 1);
    for (unsigned i = 0; i < count; i++) {
        LLVMMetadataRef parts[] = {text(m, tsr_arena_printf(m->arena, "%s.%u", name, i)), domain};
        scopes[i] = LLVMMDNodeInContext2(m->context, parts, 2);
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned n = 0;
        for (unsigned j = 0; j < count; j++)
            if (j != i)
                rest[n++] = scopes[j];
        m->scope[i] = LLVMMetadataAsValue(m->context, LLVMMDNodeInContext2(m->context, &scopes[i], 1));
        m->others[i] = LLVMMetadataAsValue(m->context, LLVMMDNodeInContext2(m->context, rest, n));
    }
}

static void add_parameter_attribute(emitter *m, unsigned parameter, const char *name) {
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(m->frame.function, parameter + 1, LLVMCreateEnumAttribute(m->context, kind, 0));
}

static void begin_function(emitter *m) {
    LLVMTypeRef pointer = LLVMPointerTypeInContext(m->context, 0);
    LLVMTypeRef types[] = {pointer, pointer, pointer};
    m->frame.function = LLVMAddFunction(m->module, m->name, LLVMFunctionType(LLVMVoidTypeInContext(m->context), types, 3, false));
    for (unsigned i = 0; i < m->options->attribute_count; i++)
        LLVMAddAttributeAtIndex(m->frame.function, LLVMAttributeFunctionIndex, m->options->attributes[i]);
    m->frame.consts = LLVMGetParam(m->frame.function, 0);
    m->frame.work = LLVMGetParam(m->frame.function, 1);
    m->frame.env = LLVMGetParam(m->frame.function, 2);
    for (unsigned i = 0; i < 3; i++)
        add_parameter_attribute(m, i, "noalias");
    add_parameter_attribute(m, 0, "readonly");
    add_parameter_attribute(m, 2, "readonly");
    LLVMPositionBuilderAtEnd(m->builder, LLVMAppendBasicBlockInContext(m->context, m->frame.function, "entry"));
    allocate_locals(m);
}

static tsr_status check_locals(const tsr_tensor_function *f) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < f->local_count && bytes <= TSR_HOST_LOCAL_BYTES; i++)
        bytes = f->locals[i]->elements > TSR_HOST_LOCAL_BYTES
                    ? f->locals[i]->elements
                    : bytes + f->locals[i]->elements * tsr_dtype_size(f->locals[i]->dtype);
    if (bytes > TSR_HOST_LOCAL_BYTES)
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "%s: its local buffers take more than %d bytes of stack; place them in the work area", f->name,
                         TSR_HOST_LOCAL_BYTES);
    return tsr_ok();
}

tsr_status tsr_emit_function(LLVMModuleRef module, const tsr_tensor_function *f, const char *name,
                             const tsr_emit_options *options) {
    TSR_TRY(tsr_tensor_verify(f));
    TSR_TRY(check_locals(f));
    tsr_arena *arena = tsr_arena_create();
    emitter *m = TSR_NEW(arena, emitter);
    m->f = f;
    m->options = options;
    m->name = name;
    m->arena = arena;
    m->module = module;
    m->context = LLVMGetModuleContext(module);
    m->vars = TSR_NEW_ARRAY(arena, LLVMValueRef, f->var_count + 1);
    m->locals = TSR_NEW_ARRAY(arena, LLVMValueRef, f->local_count + 1);
    m->active = TSR_NEW_ARRAY(arena, const tsr_var *, f->var_count + 1);
    m->scope_kind = LLVMGetMDKindIDInContext(m->context, "alias.scope", 11);
    m->noalias_kind = LLVMGetMDKindIDInContext(m->context, "noalias", 7);
    m->invariant_kind = LLVMGetMDKindIDInContext(m->context, "invariant.load", 14);
    tsr_tbuffer **buffers;
    uint32_t count = tsr_tensor_buffers(f, arena, &buffers);
    tsr_status status = find_ranges(m, buffers, count);
    if (status.code == TSR_OK) {
        m->builder = LLVMCreateBuilderInContext(m->context);
        make_scopes(m, name);
        begin_function(m);
        emit_stmt(m, f->body);
        LLVMBuildRetVoid(m->builder);
        LLVMDisposeBuilder(m->builder);
    }
    tsr_arena_free(arena);
    return status;
}
