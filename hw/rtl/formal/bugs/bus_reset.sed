# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_4
# A write burst survives reset.
0,/valid_q <= 1'b0;/s//valid_q <= valid_q;/
