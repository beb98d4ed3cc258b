// SPDX-License-Identifier: Apache-2.0
// What `tessera quantize` prints.
#ifndef QUANTIZE_REPORT_H
#define QUANTIZE_REPORT_H

#include "tsr/quantize.h"

void quantize_report_text(const tsr_quantize_report *report);
void quantize_report_json(const char *model, const char *output, const tsr_quantize_report *report);
void quantize_report_csv(const tsr_quantize_report *report); // one row a layer, "inf" where nothing is lost

#endif
