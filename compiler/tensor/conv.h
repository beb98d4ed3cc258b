// SPDX-License-Identifier: Apache-2.0
// What the schedules of convolutions share.
#ifndef TSR_TENSOR_CONV_H
#define TSR_TENSOR_CONV_H

#include "lowering.h"

typedef struct conv {
    int64_t n, h, w, c, oh, ow, o, kh, kw;
    int64_t groups, ipg, opg; // channels of a group in and out
    int64_t sy, sx, dy, dx, top, left;
    bool guard_y, guard_x; // windows reach out of the picture
    tsr_dtype type;        // of accumulators
    int32_t x_zero;
    tsr_tbuffer *x, *bias;
    requant_tables tables;
} conv;

int64_t weight_zero(const tsr_tensor *w, int64_t channel);
// The result of a sum, or NULL when the node does not say how an integer sum is stored.
ex conv_result(lowering *l, conv *v, ex sum, ex channel);

// lower_conv_input.c: the part of the input that windows cover, with zeros around it and the zero point taken off, as `type`
// (as bytes for target->quad: with the zero point around it) in a scratch buffer; v->x, h, w, pads, zero point and for 1x1 windows the strides are then those of the copy.
tsr_stmt *conv_input(lowering *l, conv *v, tsr_dtype type, int64_t slack);

// lower_depthwise.c: a filter a channel; vectors run over channels of input and output alike.
tsr_status lower_depthwise(lowering *l, conv *v);

#endif
