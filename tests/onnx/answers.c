// SPDX-License-Identifier: Apache-2.0
#include "answers.h"

#include <math.h>
#include <string.h>

uint64_t answers_count(const tsr_import_tensor *t) {
    uint64_t count = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        count *= (uint64_t)t->shape[i];
    return count;
}

static double number_at(tsr_dtype dtype, const void *data, uint64_t i) {
    switch (dtype) {
    case TSR_I8: return ((const int8_t *)data)[i];
    case TSR_U8:
    case TSR_BOOL: return ((const uint8_t *)data)[i];
    case TSR_I16: return ((const int16_t *)data)[i];
    case TSR_U16: return ((const uint16_t *)data)[i];
    case TSR_I32: return ((const int32_t *)data)[i];
    case TSR_U32: return ((const uint32_t *)data)[i];
    case TSR_I64: return (double)((const int64_t *)data)[i];
    case TSR_U64: return (double)((const uint64_t *)data)[i];
    case TSR_F32: return (double)((const float *)data)[i];
    case TSR_F16:
    case TSR_BF16: return (double)tsr_half_to_float(dtype, ((const uint16_t *)data)[i]);
    default: return ((const double *)data)[i];
    }
}

static bool close_enough(double want, double got, double tolerance, double relative) {
    if (isnan(want) || isnan(got) || isinf(want) || isinf(got))
        return (isnan(want) && isnan(got)) || want == got;
    return fabs(want - got) <= tolerance + relative * fabs(want);
}

tsr_status answers_compare(const tsr_import_tensor *want, const tsr_io *io, const void *got, double tolerance) {
    // The suite records bfloat16 as uint16, and what older versions of it recorded was cut off rather than rounded.
    const bool as_bits = io->dtype == TSR_BF16 && want->dtype == TSR_U16;
    const tsr_dtype dtype = as_bits ? TSR_BF16 : want->dtype;
    const double relative = dtype == TSR_BF16 ? 0x1p-6 : dtype == TSR_F16 ? 0x1p-9 : 1e-3; // two units of a half
    if (dtype != io->dtype)
        return tsr_error(TSR_MISMATCH, "output '%s' is %s, should be %s", io->name, tsr_dtype_name(io->dtype),
                         tsr_dtype_name(want->dtype));
    bool same_shape = want->rank == io->rank;
    for (uint32_t i = 0; i < io->rank && same_shape; i++)
        same_shape = want->shape[i] == (int64_t)io->shape[i];
    if (!same_shape)
        return tsr_error(TSR_MISMATCH, "output '%s' has another shape than the recorded one", io->name);
    const uint64_t count = answers_count(want);
    const size_t size = tsr_dtype_size(dtype);
    uint64_t differing = 0, first = 0;
    double wanted = 0, given = 0; // that element
    for (uint64_t i = 0; i < count; i++) {
        const double a = number_at(dtype, want->data, i), b = number_at(dtype, got, i);
        const bool same = tsr_dtype_is_float(dtype)
                              ? close_enough(a, b, tolerance, relative)
                              : memcmp((const char *)want->data + i * size, (const char *)got + i * size, size) == 0;
        if (!same && differing++ == 0)
            first = i, wanted = a, given = b;
    }
    if (differing > 0)
        return tsr_error(TSR_MISMATCH, "%llu of %llu elements of output '%s' differ, first element %llu: %.9g, should be %.9g",
                         (unsigned long long)differing, (unsigned long long)count, io->name, (unsigned long long)first, given,
                         wanted);
    return tsr_ok();
}
