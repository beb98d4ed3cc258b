// SPDX-License-Identifier: Apache-2.0
#include "networks.h"

const zoo_network zoo_networks[] = {
    {"resnet18", 13, 224, 1000, 32, resnet18},
    {"resnet50", 13, 224, 1000, 32, resnet50},
    {"mobilenet_v1", 13, 224, 1000, 32, mobilenet_v1},
    {"mobilenet_v2", 13, 224, 1000, 32, mobilenet_v2},
    {"vgg11", 13, 224, 1000, 32, vgg11},
    {"yolo_tiny", 13, 416, 80, 32, yolo_tiny},
    {"encoder", 17, 64, 1, 1, encoder}, // no classes
    {0},
};

tsr_status zoo_build(const zoo_network *network, bool qdq, const zoo_options *options, uint8_t **out_bytes, size_t *out_size) {
    net *n = net_create(network->name, network->opset, qdq);
    network->build(n, options);
    tsr_status status = tsr_onnx_serialise(net_writer(n), out_bytes, out_size);
    net_free(n);
    return status;
}
