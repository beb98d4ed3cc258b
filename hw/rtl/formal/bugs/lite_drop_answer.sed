# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: AXIL_1
# A response is taken back when the host is not ready.
s/else if (s_axi_bready) b_valid_q <= 1'b0;/else b_valid_q <= 1'b0;/; s/else if (s_axi_rready) begin/else begin/
