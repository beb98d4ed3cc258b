// SPDX-License-Identifier: Apache-2.0
// Programs that are one nest of vectors get their parallel loop here, by schedule primitives: the lowering of an operator need not
// think of threads. What the primitives refuse stays as it is.
#include "lowering.h"
#include "tsr/schedule.h"

// How many iterations of a long vector loop are one round: if possible without a rest, whose code would come again.
static int64_t round_of(int64_t extent) {
    enum { LEAST = 2048, MOST = 8192, VECTORS = 64 };
    for (int64_t size = MOST; size >= LEAST; size -= VECTORS)
        if (extent % size == 0)
            return size;
    return MOST;
}

static bool is_vector_nest(const tsr_stmt *s) {
    while (s->kind == TSR_S_FOR && s->for_kind == TSR_FOR_SERIAL)
        s = s->body;
    return s->kind == TSR_S_FOR && s->for_kind == TSR_FOR_VECTORIZE;
}

void share_among_threads(tsr_tensor_function *f) {
    const tsr_stmt *body = f->body;
    if (!is_vector_nest(body))
        return;
    const tsr_var *outer = body->var, *inner;
    if (body->for_kind == TSR_FOR_VECTORIZE) {
        const int64_t size = round_of(body->extent);
        if (body->extent < 4 * size || tsr_schedule_split(f, outer, size, TSR_TAIL_LOOP, &outer, &inner).code != TSR_OK)
            return;
    }
    (void)tsr_schedule_parallel(f, outer);
}
