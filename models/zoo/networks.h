// SPDX-License-Identifier: Apache-2.0
// The networks. A build function adds all layers to n, inputs and outputs included.
#ifndef ZOO_NETWORKS_H
#define ZOO_NETWORKS_H

#include "net.h"

typedef struct zoo_options {
    int64_t size;    // rows and columns of the picture; of the encoder: the length of its sequence
    int64_t classes; // outputs of the classifier
} zoo_options;

typedef struct zoo_network {
    const char *name;
    int64_t opset;
    int64_t size, classes; // unless told otherwise
    int64_t least;         // smallest size
    void (*build)(net *n, const zoo_options *options);
} zoo_network;
extern const zoo_network zoo_networks[]; // ends with a NULL name

// The network as an ONNX file in memory; free() the bytes.
tsr_status zoo_build(const zoo_network *network, bool qdq, const zoo_options *options, uint8_t **out_bytes, size_t *out_size);

void resnet18(net *n, const zoo_options *options);
void resnet50(net *n, const zoo_options *options);
void mobilenet_v1(net *n, const zoo_options *options);
void mobilenet_v2(net *n, const zoo_options *options);
void vgg11(net *n, const zoo_options *options);
void yolo_tiny(net *n, const zoo_options *options);
void encoder(net *n, const zoo_options *options);

#endif
