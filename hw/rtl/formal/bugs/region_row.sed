# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_regions.sv
# breaks: REGION_2
# The second row begins behind the last region of the first one, not behind the row.
s/cur_q <= row_q + y_stride_q;/cur_q <= cur_q + y_stride_q;/
