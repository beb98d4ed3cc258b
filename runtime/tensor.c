// SPDX-License-Identifier: Apache-2.0
#include "tensor.h"

#include <stdio.h>
#include <string.h>

tsr_tensor tsr_tensor_for(const tsr_io *io, void *data) {
    tsr_tensor tensor = {.dtype = io->dtype, .rank = io->rank, .data = data, .bytes = (size_t)io->bytes};
    memcpy(tensor.shape, io->shape, sizeof tensor.shape);
    return tensor;
}

// "int8 [1, 8, 8, 1]"
static void describe(char *text, size_t size, tsr_dtype dtype, uint32_t rank, const uint32_t *shape) {
    size_t used = (size_t)snprintf(text, size, "%s [", tsr_dtype_name(dtype));
    for (uint32_t i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%u", i > 0 ? ", " : "", shape[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

tsr_status tensor_check(const tsr_io *io, const char *kind, uint32_t index, const tsr_tensor *tensor) {
    char wanted[128], given[128];
    if (tensor == NULL || tensor->data == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s %u (%s): no data given", kind, index, io->name);
    if (tensor->rank > TSR_MAX_RANK)
        return tsr_error(TSR_MISMATCH, "%s %u (%s): rank %u, the limit is %d", kind, index, io->name, tensor->rank, TSR_MAX_RANK);
    if (tensor->dtype != io->dtype || tensor->rank != io->rank ||
        memcmp(tensor->shape, io->shape, io->rank * sizeof io->shape[0]) != 0) {
        describe(wanted, sizeof wanted, io->dtype, io->rank, io->shape);
        describe(given, sizeof given, tensor->dtype, tensor->rank, tensor->shape);
        return tsr_error(TSR_MISMATCH, "%s %u (%s) is %s, the tensor given is %s", kind, index, io->name, wanted, given);
    }
    if (tensor->bytes != io->bytes) {
        describe(wanted, sizeof wanted, io->dtype, io->rank, io->shape);
        return tsr_error(TSR_MISMATCH, "%s %u (%s) is %s, %llu bytes; the memory given has %zu", kind, index, io->name, wanted,
                         (unsigned long long)io->bytes, tensor->bytes);
    }
    return tsr_ok();
}
