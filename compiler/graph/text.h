// SPDX-License-Identifier: Apache-2.0
// What the printer and the parser of the text form share beside tsr/text.h. The form: text.md.
#ifndef GRAPH_TEXT_H
#define GRAPH_TEXT_H

#include "attr.h"
#include "tsr/name_map.h"
#include "tsr/text.h"

#define TEXT_MAGIC "tessera-graph"
enum { TEXT_VERSION = 1 };

#endif
