// SPDX-License-Identifier: Apache-2.0
// Determinants of small matrices, by expansion along rows.
#include <inttypes.h>

#include "onnx_compose.h"

enum { LARGEST = 4 }; // 4 * 3 * 2 products

static tsr_id element(composer *c, tsr_id x, uint32_t rank, int64_t row, int64_t column) {
    return compose_slice(c, compose_slice(c, x, rank - 2, row, 1, 1), rank - 1, column, 1, 1);
}

// Of the rows from `row` on, and the columns whose bits are set.
static tsr_id minor_of(composer *c, tsr_id x, uint32_t rank, int64_t n, int64_t row, unsigned columns) {
    tsr_id sum = TSR_NO_ID;
    bool negative = false;
    for (int64_t i = 0; i < n && c->status.code == TSR_OK; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        tsr_id term = element(c, x, rank, row, i);
        if (row + 1 < n)
            term = compose_mul(c, term, minor_of(c, x, rank, n, row + 1, columns & ~(1u << i)));
        sum = sum == TSR_NO_ID ? term : negative ? compose_sub(c, sum, term) : compose_add(c, sum, term);
        negative = !negative;
    }
    return sum;
}

tsr_status onnx_det(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const int64_t n = from.shape[from.rank - 1];
    if (from.shape[from.rank - 2] != n || n > LARGEST)
        return tsr_error(TSR_UNSUPPORTED, "matrices of %" PRId64 " x %" PRId64 "; square ones up to %d x %d work",
                         from.shape[from.rank - 2], n, LARGEST, LARGEST);
    const tsr_id y = minor_of(&c, x, from.rank, n, 0, (1u << n) - 1);
    return compose_define(&c, 0, compose_reshape(&c, y, from.rank - 2, from.shape));
}
