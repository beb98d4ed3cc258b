# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_1
# A waiting address is withdrawn.
s/end else if (m_axi_awready) begin/end else begin/
