// SPDX-License-Identifier: Apache-2.0
// `tessera compile --emit object,header`.
#ifndef EMBED_H
#define EMBED_H

#include "model.h"

typedef struct embed_parts {
    bool object, header; // none: an ordinary compiled model
} embed_parts;

// NULL or "program"; "object", "header", "object,header". false: something else.
bool embed_parse(const char *text, embed_parts *out_parts);

// Writes NAME.o and NAME.h; output is NAME, which may have a folder in front and one of these endings.
tsr_status embed_model(const char *model, const model_arguments *arguments, tsr_compile_options options, embed_parts parts,
                       const char *output);

#endif
