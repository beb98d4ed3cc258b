# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_10
# Responses wait for room in the data register.
s/assign m_axi_bready = 1'b1;/assign m_axi_bready = skid_ready;/
