# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: AXIL_8
# A response survives reset.
s/      b_valid_q <= 1'b0;/      b_valid_q <= b_valid_q;/
