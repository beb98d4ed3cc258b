# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_1
# A waiting address is withdrawn.
s/else if (m_axi_awready) valid_q/else valid_q/
