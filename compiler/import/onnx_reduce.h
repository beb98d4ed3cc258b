// SPDX-License-Identifier: Apache-2.0
// Variants of onnx_reduce and onnx_cum_sum.
#ifndef TSR_IMPORT_ONNX_REDUCE_H
#define TSR_IMPORT_ONNX_REDUCE_H

enum {
    REDUCE_MEAN,
    REDUCE_SUM,
    REDUCE_PROD,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_SUM_SQUARE,
    REDUCE_L1,
    REDUCE_L2,
    REDUCE_LOG_SUM,
    REDUCE_LOG_SUM_EXP,
};

enum { CUMULATIVE_SUM, CUMULATIVE_PRODUCT };

#endif
