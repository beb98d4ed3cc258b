# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_2
# A write burst is taken back when the memory is not ready.
s/else if (m_axi_awready) valid_q/else valid_q/
