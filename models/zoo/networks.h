// SPDX-License-Identifier: Apache-2.0
// The networks. Each adds its layers to n, inputs and outputs included.
#ifndef ZOO_NETWORKS_H
#define ZOO_NETWORKS_H

#include "net.h"

typedef struct zoo_options {
    int64_t size;    // rows and columns of the picture; of the encoder: the length of its sequence
    int64_t classes; // outputs of the classifier
} zoo_options;

void resnet18(net *n, const zoo_options *options);
void resnet50(net *n, const zoo_options *options);
void mobilenet_v1(net *n, const zoo_options *options);
void mobilenet_v2(net *n, const zoo_options *options);
void vgg11(net *n, const zoo_options *options);
void yolo_tiny(net *n, const zoo_options *options);
void encoder(net *n, const zoo_options *options);

#endif
