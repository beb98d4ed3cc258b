// SPDX-License-Identifier: Apache-2.0
#ifndef GRAPH_VERIFY_H
#define GRAPH_VERIFY_H

#include "tsr/graph.h"

// tsr_graph_verify that also says where: the first tensor or node that breaks a rule, TSR_NO_ID for the others.
tsr_status graph_verify(const tsr_graph *graph, tsr_id *out_tensor, tsr_id *out_node);

#endif
