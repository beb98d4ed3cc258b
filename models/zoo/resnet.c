// SPDX-License-Identifier: Apache-2.0
// ResNet-18 and ResNet-50 (He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015, table 1). The stride of a
// bottleneck is in its 3x3 convolution, as in most public models of it ("v1.5").
#include "networks.h"

static const char *within(net *n, const char *block, const char *part) {
    return tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "%s.%s", block, part);
}

static value shortcut(net *n, const char *block, value x, int64_t channels, int64_t stride) {
    if (x.shape[1] == channels && stride == 1)
        return x;
    return net_conv(n, within(n, block, "shortcut"), x, (conv_layer){channels, 1, stride, 0, 1, true, NONE});
}

static value basic_block(net *n, const char *name, value x, int64_t channels, int64_t stride) {
    value y = net_conv(n, within(n, name, "conv1"), x, (conv_layer){channels, 3, stride, 1, 1, true, RELU});
    y = net_conv(n, within(n, name, "conv2"), y, (conv_layer){channels, 3, 1, 1, 1, true, NONE});
    return net_add(n, within(n, name, "add"), y, shortcut(n, name, x, channels, stride), RELU);
}

static value bottleneck(net *n, const char *name, value x, int64_t channels, int64_t stride) {
    value y = net_conv(n, within(n, name, "conv1"), x, (conv_layer){channels, 1, 1, 0, 1, true, RELU});
    y = net_conv(n, within(n, name, "conv2"), y, (conv_layer){channels, 3, stride, 1, 1, true, RELU});
    y = net_conv(n, within(n, name, "conv3"), y, (conv_layer){4 * channels, 1, 1, 0, 1, true, NONE});
    return net_add(n, within(n, name, "add"), y, shortcut(n, name, x, 4 * channels, stride), RELU);
}

static void resnet(net *n, const zoo_options *options, const int blocks[4],
                   value (*block)(net *n, const char *name, value x, int64_t channels, int64_t stride)) {
    value x = net_input(n, "image", 4, (int64_t[]){1, 3, options->size, options->size});
    x = net_conv(n, "conv1", x, (conv_layer){64, 7, 2, 3, 1, true, RELU});
    x = net_max_pool(n, "pool1", x, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++)
        for (int b = 0; b < blocks[stage]; b++) {
            const char *name = tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "stage%d.%d", stage + 1, b);
            x = block(n, name, x, (int64_t)64 << stage, stage > 0 && b == 0 ? 2 : 1);
        }
    x = net_global_average(n, "average", x);
    net_output(n, "logits", net_linear(n, "classifier", x, options->classes, NONE));
}

void resnet18(net *n, const zoo_options *options) { resnet(n, options, (int[]){2, 2, 2, 2}, basic_block); }
void resnet50(net *n, const zoo_options *options) { resnet(n, options, (int[]){3, 4, 6, 3}, bottleneck); }
