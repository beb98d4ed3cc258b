// SPDX-License-Identifier: Apache-2.0
// Networks layer by layer, written as ONNX in float or as QDQ (int8 activations, int8 weights with a scale a channel). Both
// forms are the same network: the weights are drawn in the same order from one generator, and the QDQ form holds those
// of the float form after BatchNormalization has been folded into them.
//
// Weights are random. So that activations keep a sensible size through any depth, weights have the variance 1 / (fan-in *
// mean square of the input), and a value carries the mean square that is expected of it; QDQ ranges follow from that: four
// standard deviations, instead of a calibration.
#ifndef ZOO_NET_H
#define ZOO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/onnx_writer.h"

typedef struct net net;

// A tensor of the network. 4-D ones are NCHW.
typedef struct value {
    const char *name; // QDQ: of the dequantised tensor
    uint32_t rank;
    int64_t shape[4];
    double mean_square; // expected of its elements
    double lo, hi;      // bounds of its elements, -INFINITY and INFINITY when there are none
    float scale;        // QDQ: of the quantised tensor
    int8_t zero_point;
} value;

typedef enum activation { NONE, RELU, RELU6 } activation;

// opset 13 for convolutional networks, 17 where LayerNormalization is used.
net *net_create(const char *name, int64_t opset, bool qdq);
void net_free(net *n);
tsr_onnx_writer *net_writer(net *n);

value net_input(net *n, const char *name, uint32_t rank, const int64_t *shape);
void net_output(net *n, const char *name, value v); // the network's output: v under that name

// Convolution of a square kernel with bias (padding on each side), then the activation.
typedef struct conv_layer {
    int64_t channels, kernel, stride, pad;
    int64_t groups; // 0: 1
    bool batch_norm; // float form: no bias but a BatchNormalization behind it
    activation act;
} conv_layer;
value net_conv(net *n, const char *name, value x, conv_layer layer);
value net_linear(net *n, const char *name, value x, int64_t features, activation act); // [N,K] by Gemm; else MatMul and Add
value net_add(net *n, const char *name, value a, value b, activation act);
value net_max_pool(net *n, const char *name, value x, int64_t kernel, int64_t stride, int64_t pad);
value net_global_average(net *n, const char *name, value x); // [N,C,H,W] -> [N,C]
value net_flatten(net *n, const char *name, value x);        // [N,...] -> [N,K]
value net_upsample(net *n, const char *name, value x);       // twice the rows and columns, nearest
value net_concat(net *n, const char *name, value a, value b); // channels
value net_sigmoid(net *n, const char *name, value x);

// Parts of a transformer.
value net_layer_norm(net *n, const char *name, value x); // over the last dimension
value net_gelu(net *n, const char *name, value x);       // x * (1 + erf(x / sqrt 2)) / 2, operator by operator
value net_matmul(net *n, const char *name, value a, value b);
value net_scale(net *n, const char *name, value x, double by);
value net_softmax(net *n, const char *name, value x); // over the last dimension
value net_reshape(net *n, const char *name, value x, uint32_t rank, const int64_t *shape);
value net_transpose(net *n, const char *name, value x, const int64_t *perm);

#endif
