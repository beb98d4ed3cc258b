# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_regions.sv
# breaks: REGION_3
# A merged row has the bytes of a run.
s/merge_x_i ? row_span_i : 32/1'b0 ? row_span_i : 32/
