// SPDX-License-Identifier: Apache-2.0
// MobileNet v1 (Howard et al.: MobileNets, 2017, table 1) and v2 (Sandler et al.: MobileNetV2, 2018, table 2), width 1.
#include "networks.h"

static const char *numbered(net *n, const char *name, int number, const char *part) {
    return tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "%s%d.%s", name, number, part);
}

static value depthwise(net *n, const char *name, value x, int64_t stride) {
    return net_conv(n, name, x, (conv_layer){x.shape[1], 3, stride, 1, x.shape[1], true, RELU6});
}

static value pointwise(net *n, const char *name, value x, int64_t channels, activation act) {
    return net_conv(n, name, x, (conv_layer){channels, 1, 1, 0, 1, true, act});
}

void mobilenet_v1(net *n, const zoo_options *options) {
    static const struct {
        int64_t channels, stride;
    } blocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                  {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    value x = net_input(n, "image", 4, (int64_t[]){1, 3, options->size, options->size});
    x = net_conv(n, "conv", x, (conv_layer){32, 3, 2, 1, 1, true, RELU6});
    for (int b = 0; b < (int)(sizeof blocks / sizeof blocks[0]); b++) {
        x = depthwise(n, numbered(n, "block", b, "depthwise"), x, blocks[b].stride);
        x = pointwise(n, numbered(n, "block", b, "pointwise"), x, blocks[b].channels, RELU6);
    }
    x = net_global_average(n, "average", x);
    net_output(n, "logits", net_linear(n, "classifier", x, options->classes, NONE));
}

static value inverted_residual(net *n, int number, value x, int64_t expansion, int64_t channels, int64_t stride) {
    value y = x;
    if (expansion > 1)
        y = pointwise(n, numbered(n, "block", number, "expand"), y, expansion * x.shape[1], RELU6);
    y = depthwise(n, numbered(n, "block", number, "depthwise"), y, stride);
    y = pointwise(n, numbered(n, "block", number, "project"), y, channels, NONE);
    return stride == 1 && x.shape[1] == channels ? net_add(n, numbered(n, "block", number, "add"), x, y, NONE) : y;
}

void mobilenet_v2(net *n, const zoo_options *options) {
    static const struct {
        int64_t expansion, channels;
        int repeats;
        int64_t stride;
    } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    value x = net_input(n, "image", 4, (int64_t[]){1, 3, options->size, options->size});
    x = net_conv(n, "conv", x, (conv_layer){32, 3, 2, 1, 1, true, RELU6});
    int number = 0;
    for (int s = 0; s < (int)(sizeof stages / sizeof stages[0]); s++)
        for (int r = 0; r < stages[s].repeats; r++)
            x = inverted_residual(n, number++, x, stages[s].expansion, stages[s].channels, r == 0 ? stages[s].stride : 1);
    x = pointwise(n, "last", x, 1280, RELU6);
    x = net_global_average(n, "average", x);
    net_output(n, "logits", net_linear(n, "classifier", x, options->classes, NONE));
}
