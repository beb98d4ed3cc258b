# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_3
# Data goes out without its register.
s/assign m_axi_wdata = skid\[8\*BusBytes-1:0\];/assign m_axi_wdata = w_data_i;/
