# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: LITE_4
# Read data is what lies there when the host takes it.
s/assign s_axi_rdata  = r_data_q;/assign s_axi_rdata  = read_data_i;/
