# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: AXIL_4 AXIL_5 AXIL_6
# The slave takes addresses and data without a place for them.
s/assign s_axi_awready = .*/assign s_axi_awready = ready_q;/; s/assign s_axi_wready  = .*/assign s_axi_wready  = ready_q;/; s/assign s_axi_arready = .*/assign s_axi_arready = ready_q;/
