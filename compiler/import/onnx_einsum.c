// SPDX-License-Identifier: Apache-2.0
// Einsum: operands are combined one after the other, each pair as a product of matrices (or of elements, where nothing is
// summed over), after dimensions that only one of them has and nobody asks for are summed up.
#include <inttypes.h>
#include <string.h>

#include "onnx_compose.h"

// Labels: letters, and the dimensions of "..." from the last one backwards.
enum { ELLIPSIS_LABEL = 'z' + 1, LABELS = ELLIPSIS_LABEL + TSR_MAX_RANK };

typedef struct operand {
    tsr_id id;
    uint32_t rank;
    int label[TSR_MAX_RANK]; // of each dimension
} operand;

static bool is_label(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The labels of one term. `rank`: of the operand, UINT32_MAX for the result, whose "..." has `ellipsis` dimensions.
static tsr_status read_term(const char *text, size_t length, uint32_t rank, uint32_t *ellipsis, operand *out_term) {
    uint32_t letters = 0;
    for (size_t i = 0; i < length; i++)
        letters += is_label(text[i]);
    const bool known = rank != UINT32_MAX;
    if (letters > (known ? rank : TSR_MAX_RANK))
        return tsr_error(TSR_CORRUPT, "term '%.*s' has more labels than dimensions", (int)length, text);
    uint32_t dots = known ? rank - letters : *ellipsis;
    bool seen = false;
    out_term->rank = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_label(text[i])) {
            out_term->label[out_term->rank++] = text[i];
        } else if (text[i] == '.' && i + 2 < length && text[i + 1] == '.' && text[i + 2] == '.' && !seen) {
            seen = true;
            i += 2;
            if (letters + dots > TSR_MAX_RANK)
                return tsr_error(TSR_UNSUPPORTED, "more than %d dimensions", TSR_MAX_RANK);
            for (uint32_t d = dots; d-- > 0;)
                out_term->label[out_term->rank++] = ELLIPSIS_LABEL + (int)d;
        } else {
            return tsr_error(TSR_CORRUPT, "term '%.*s' of the equation", (int)length, text);
        }
    }
    if (known && out_term->rank != rank)
        return tsr_error(TSR_CORRUPT, "term '%.*s' names %" PRIu32 " of %" PRIu32 " dimensions", (int)length, text,
                         out_term->rank, rank);
    if (known && seen && dots > *ellipsis)
        *ellipsis = dots;
    return tsr_ok();
}

static bool has(const operand *t, int label) {
    for (uint32_t i = 0; i < t->rank; i++)
        if (t->label[i] == label)
            return true;
    return false;
}

static int64_t extent_of(composer *c, const operand *t, int label) {
    const tsr_tensor tensor = compose_tensor(c, t->id);
    for (uint32_t i = 0; i < t->rank; i++)
        if (t->label[i] == label)
            return tensor.shape[i];
    return 1;
}

// Without an arrow: "..." and the labels that occur once, in alphabetical order.
static void implied_result(const operand *terms, uint32_t count, uint32_t ellipsis, operand *out_term) {
    unsigned times[LABELS] = {0};
    for (uint32_t n = 0; n < count; n++)
        for (uint32_t i = 0; i < terms[n].rank; i++)
            times[terms[n].label[i]]++;
    out_term->rank = 0;
    for (uint32_t d = ellipsis; d-- > 0 && out_term->rank < TSR_MAX_RANK;)
        out_term->label[out_term->rank++] = ELLIPSIS_LABEL + (int)d;
    for (int label = 'A'; label <= 'z'; label++)
        if (times[label] == 1 && out_term->rank < TSR_MAX_RANK)
            out_term->label[out_term->rank++] = label;
}

// Dimensions in the order of `order`, which names each of them.
static void reorder(composer *c, operand *t, const int *order) {
    int64_t perm[TSR_MAX_RANK];
    bool moves = false;
    for (uint32_t i = 0; i < t->rank; i++)
        for (uint32_t j = 0; j < t->rank; j++)
            if (t->label[j] == order[i]) {
                perm[i] = j;
                moves |= i != j;
            }
    memcpy(t->label, order, t->rank * sizeof *order);
    if (moves)
        t->id = compose_transpose(c, t->id, perm);
}

// A label that one operand has twice: its diagonal, every n + 1st element of both dimensions together.
static void take_diagonals(composer *c, operand *t) {
    for (uint32_t j = 1; j < t->rank && c->status.code == TSR_OK; j++)
        for (uint32_t i = 0; i < j; i++) {
            if (t->label[i] != t->label[j])
                continue;
            const tsr_tensor from = compose_tensor(c, t->id);
            const int64_t n = from.shape[i];
            if (from.shape[j] != n) {
                compose_fails(
                    c, tsr_error(TSR_CORRUPT, "label '%c' has extents %" PRId64 " and %" PRId64, t->label[i], n, from.shape[j]));
                return;
            }
            int64_t perm[TSR_MAX_RANK], shape[TSR_MAX_RANK];
            uint32_t kept = 0;
            const int label = t->label[i];
            for (uint32_t d = 0; d < t->rank; d++)
                if (d != i && d != j) {
                    perm[kept] = d;
                    shape[kept] = from.shape[d];
                    t->label[kept++] = t->label[d];
                }
            perm[kept] = i, perm[kept + 1] = j;
            shape[kept] = n * n;
            t->id = compose_reshape(c, compose_transpose(c, t->id, perm), kept + 1, shape);
            t->id = compose_slice(c, t->id, kept, 0, n, n + 1);
            t->label[kept] = label;
            t->rank = kept + 1;
            j = 0; // again from the start: it may be there once more
            break;
        }
}

// Sums over dimensions that are not wanted.
static void sum_unwanted(composer *c, operand *t, const bool *wanted) {
    int64_t axes[TSR_MAX_RANK];
    uint32_t count = 0, kept = 0;
    for (uint32_t i = 0; i < t->rank; i++)
        if (wanted[t->label[i]])
            t->label[kept++] = t->label[i];
        else
            axes[count++] = i;
    if (count > 0)
        t->id = compose_reduce(c, TSR_OP_REDUCE_SUM, t->id, count, axes, false);
    t->rank = kept;
}

// Dimensions of 1 grow to those of the other operand.
static void match_extents(composer *c, operand *t, const operand *other) {
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < t->rank; i++) {
        shape[i] = compose_tensor(c, t->id).shape[i];
        const int64_t wanted = has(other, t->label[i]) ? extent_of(c, other, t->label[i]) : shape[i];
        shape[i] = shape[i] == 1 ? wanted : shape[i];
    }
    t->id = compose_expand(c, t->id, t->rank, shape);
}

typedef struct part { // labels of one kind and the product of their extents
    uint32_t count;
    int label[TSR_MAX_RANK];
    int64_t size;
} part;

static void put(composer *c, part *p, const operand *t, int label) {
    p->label[p->count++] = label;
    p->size *= extent_of(c, t, label);
}

// batch, rows and columns are as large as they need; sums: the labels that go.
static operand combine(composer *c, operand a, operand b, const bool *wanted_later) {
    bool wanted[LABELS];
    for (int label = 0; label < LABELS; label++)
        wanted[label] = wanted_later[label] || (has(&a, label) && has(&b, label));
    sum_unwanted(c, &a, wanted);
    sum_unwanted(c, &b, wanted);
    match_extents(c, &a, &b);
    match_extents(c, &b, &a);
    part batch = {.size = 1}, rows = {.size = 1}, columns = {.size = 1}, sums = {.size = 1};
    for (uint32_t i = 0; i < a.rank; i++)
        put(c, !has(&b, a.label[i]) ? &rows : wanted_later[a.label[i]] ? &batch : &sums, &a, a.label[i]);
    for (uint32_t i = 0; i < b.rank; i++)
        if (!has(&a, b.label[i]))
            put(c, &columns, &b, b.label[i]);
    int order[TSR_MAX_RANK];
    uint32_t n = 0;
    operand y = {.rank = 0};
    int64_t shape[TSR_MAX_RANK];
    const part *parts[3] = {&batch, &rows, &columns};
    for (unsigned p = 0; p < 3; p++)
        for (uint32_t i = 0; i < parts[p]->count; i++) {
            if (y.rank == TSR_MAX_RANK) {
                compose_fails(c, tsr_error(TSR_UNSUPPORTED, "a product of more than %d dimensions", TSR_MAX_RANK));
                return y;
            }
            shape[y.rank] = extent_of(c, p == 2 ? &b : &a, parts[p]->label[i]);
            y.label[y.rank++] = parts[p]->label[i];
        }
    memcpy(order, batch.label, batch.count * sizeof *order);
    memcpy(order + batch.count, rows.label, rows.count * sizeof *order);
    memcpy(order + batch.count + rows.count, sums.label, sums.count * sizeof *order);
    reorder(c, &a, order);
    n = batch.count;
    memcpy(order + n, sums.label, sums.count * sizeof *order);
    memcpy(order + n + sums.count, columns.label, columns.count * sizeof *order);
    reorder(c, &b, order);
    const tsr_id left = compose_reshape(c, a.id, 3, (const int64_t[]){batch.size, rows.size, sums.size});
    const tsr_id right = compose_reshape(c, b.id, 3, (const int64_t[]){batch.size, sums.size, columns.size});
    const tsr_id product = sums.count == 0 ? compose_mul(c, left, right) : compose_matmul(c, left, right);
    y.id = compose_reshape(c, product, y.rank, shape);
    return y;
}

static tsr_status read_terms(composer *c, const char *equation, uint32_t count, operand *terms, operand *out_result) {
    const char *arrow = strstr(equation, "->"), *at = equation, *end = arrow != NULL ? arrow : equation + strlen(equation);
    uint32_t ellipsis = 0;
    for (uint32_t n = 0; n < count; n++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        if ((comma == NULL) != (n + 1 == count))
            return tsr_error(TSR_CORRUPT, "equation '%.100s' does not have %" PRIu32 " terms", equation, count);
        const size_t length = (size_t)((comma != NULL ? comma : end) - at);
        TSR_TRY(read_term(at, length, compose_tensor(c, terms[n].id).rank, &ellipsis, &terms[n]));
        at += length + 1;
    }
    if (arrow != NULL)
        return read_term(arrow + 2, strlen(arrow + 2), UINT32_MAX, &ellipsis, out_result);
    implied_result(terms, count, ellipsis, out_result);
    return tsr_ok();
}

tsr_status onnx_einsum(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    char text[256], equation[256];
    const uint32_t count = (uint32_t)node->proto->n_input;
    operand terms[16], result;
    size_t length = 0;
    TSR_TRY(onnx_attr_text(node, "equation", "", sizeof text, text));
    for (const char *p = text; *p != '\0'; p++)
        if (*p != ' ')
            equation[length++] = *p;
    equation[length] = '\0';
    if (count < 1 || count > 16)
        return tsr_error(TSR_UNSUPPORTED, "%" PRIu32 " operands; 1 to 16 work", count);
    for (uint32_t n = 0; n < count; n++)
        terms[n].id = compose_input(&c, n);
    TSR_TRY(c.status);
    TSR_TRY(read_terms(&c, equation, count, terms, &result));
    for (uint32_t i = 0; i < result.rank; i++) {
        bool known = false;
        for (uint32_t n = 0; n < count; n++)
            known |= has(&terms[n], result.label[i]);
        for (uint32_t j = 0; j < i; j++)
            known &= result.label[j] != result.label[i];
        if (!known)
            return tsr_error(TSR_CORRUPT, "the result of equation '%.100s' names a label that no operand has, or twice",
                             equation);
    }
    operand y = terms[0];
    take_diagonals(&c, &y);
    for (uint32_t n = 1; n < count; n++) {
        bool later[LABELS] = {false};
        for (int label = 0; label < LABELS; label++) {
            later[label] = has(&result, label);
            for (uint32_t m = n + 1; m < count; m++)
                later[label] |= has(&terms[m], label);
        }
        take_diagonals(&c, &terms[n]);
        TSR_TRY(c.status);
        y = combine(&c, y, terms[n], later);
        TSR_TRY(c.status);
    }
    bool wanted[LABELS];
    for (int label = 0; label < LABELS; label++)
        wanted[label] = has(&result, label);
    TSR_TRY(c.status);
    sum_unwanted(&c, &y, wanted);
    TSR_TRY(c.status);
    reorder(&c, &y, result.label);
    return compose_define(&c, 0, y.id);
}
