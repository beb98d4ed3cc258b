# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: BUS_1
# LOAD does not wait for fetch.
s/assign req1_ready_o = free \&\& !req0_valid_i;/assign req1_ready_o = free;/
