// SPDX-License-Identifier: Apache-2.0
// Dense tensors with their contents: values that are bound to a model's inputs, recorded test data. Knows nothing of
// graphs, so that users of the runtime can include it too.
#ifndef TSR_IMPORT_TENSOR_H
#define TSR_IMPORT_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/dtype.h"
#include "tsr/status.h"

// Row-major.
typedef struct tsr_import_tensor {
    const char *name;
    tsr_dtype dtype;
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    const void *data;
} tsr_import_tensor;

// A serialised ONNX TensorProto (input_0.pb of test data), copied into the arena. Extents may be 0.
tsr_status tsr_import_onnx_tensor(const void *bytes, size_t size, const char *file_name, tsr_arena *arena,
                                  tsr_import_tensor *out_tensor);
// Reads a whole file of at most 2 GiB into memory that the caller frees.
tsr_status tsr_import_read_file(const char *path, unsigned char **out_bytes, size_t *out_size);

#endif
