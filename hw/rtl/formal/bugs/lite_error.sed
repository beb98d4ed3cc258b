# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: AXIL_7
# A write without all strobes is answered with an error.
s/assign s_axi_bresp  = 2'b00;/assign s_axi_bresp  = whole_q ? 2'b00 : 2'b10;/
