// SPDX-License-Identifier: Apache-2.0
// A VGG, a detector's head on a small backbone, and one block of a transformer's encoder.
#include <math.h>

#include "networks.h"

static const char *numbered(net *n, const char *name, int number) {
    return tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "%s%d", name, number);
}

// The convolutions of VGG-11 (Simonyan, Zisserman, 2014, column A), no BatchNormalization. Its classifier has 512 units a
// layer instead of 4096, so that the file stays under 100 MB.
void vgg11(net *n, const zoo_options *options) {
    static const int64_t channels[] = {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}; // 0: a pool
    value x = net_input(n, "image", 4, (int64_t[]){1, 3, options->size, options->size});
    for (int i = 0; i < (int)(sizeof channels / sizeof channels[0]); i++)
        x = channels[i] == 0 ? net_max_pool(n, numbered(n, "pool", i), x, 2, 2, 0)
                             : net_conv(n, numbered(n, "conv", i), x, (conv_layer){channels[i], 3, 1, 1, 1, false, RELU});
    x = net_flatten(n, "flatten", x);
    x = net_linear(n, "fc1", x, 512, RELU);
    x = net_linear(n, "fc2", x, 512, RELU);
    net_output(n, "logits", net_linear(n, "classifier", x, options->classes, NONE));
}

// After YOLOv3-tiny (Redmon, Farhadi, 2018): two scales, three boxes a cell of 5 + classes numbers, the coarse one
// upsampled and joined with finer features. Half as many channels.
void yolo_tiny(net *n, const zoo_options *options) {
    const int64_t predictions = 3 * (5 + options->classes);
    value x = net_input(n, "image", 4, (int64_t[]){1, 3, options->size, options->size}), fine = x;
    for (int i = 0; i < 6; i++) {
        x = net_conv(n, numbered(n, "conv", i), x, (conv_layer){(int64_t)8 << i, 3, 1, 1, 1, true, RELU});
        if (i == 4)
            fine = x;
        if (i < 5)
            x = net_max_pool(n, numbered(n, "pool", i), x, 2, 2, 0);
    }
    x = net_conv(n, "neck", x, (conv_layer){128, 1, 1, 0, 1, true, RELU});
    value coarse = net_conv(n, "coarse.conv", x, (conv_layer){256, 3, 1, 1, 1, true, RELU});
    coarse = net_conv(n, "coarse.predict", coarse, (conv_layer){predictions, 1, 1, 0, 1, false, NONE});
    x = net_upsample(n, "up", net_conv(n, "up.conv", x, (conv_layer){64, 1, 1, 0, 1, true, RELU}));
    x = net_concat(n, "join", x, fine);
    x = net_conv(n, "fine.conv", x, (conv_layer){128, 3, 1, 1, 1, true, RELU});
    x = net_conv(n, "fine.predict", x, (conv_layer){predictions, 1, 1, 0, 1, false, NONE});
    net_output(n, "coarse", net_sigmoid(n, "coarse.sigmoid", coarse));
    net_output(n, "fine", net_sigmoid(n, "fine.sigmoid", x));
}

// One block of a transformer's encoder (Vaswani et al., 2017), normalisation first: 4 heads of 32 features, 512 between
// the two linear layers.
void encoder(net *n, const zoo_options *options) {
    enum { FEATURES = 128, HEADS = 4 };
    const int64_t length = options->size, each = FEATURES / HEADS;
    value x = net_input(n, "tokens", 3, (int64_t[]){1, length, FEATURES}), y = net_layer_norm(n, "norm1", x), head[3];
    static const char *const parts[] = {"query", "key", "value"};
    for (int i = 0; i < 3; i++) {
        const char *name = parts[i];
        head[i] = net_linear(n, name, y, FEATURES, NONE);
        head[i] = net_reshape(n, tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "%s.split", name), head[i], 4,
                              (int64_t[]){1, length, HEADS, each});
        head[i] = net_transpose(n, tsr_arena_printf(tsr_onnx_arena(net_writer(n)), "%s.heads", name), head[i],
                                i == 1 ? (int64_t[]){0, 2, 3, 1} : (int64_t[]){0, 2, 1, 3});
    }
    value scores = net_scale(n, "scale", net_matmul(n, "scores", head[0], head[1]), 1 / sqrt((double)each));
    y = net_matmul(n, "context", net_softmax(n, "attention", scores), head[2]);
    y = net_transpose(n, "context.heads", y, (int64_t[]){0, 2, 1, 3});
    y = net_reshape(n, "context.join", y, 3, (int64_t[]){1, length, FEATURES});
    x = net_add(n, "residual1", x, net_linear(n, "projection", y, FEATURES, NONE), NONE);
    y = net_layer_norm(n, "norm2", x);
    y = net_gelu(n, "gelu", net_linear(n, "fc1", y, 4 * FEATURES, NONE));
    net_output(n, "encoded", net_add(n, "residual2", x, net_linear(n, "fc2", y, FEATURES, NONE), NONE));
}
