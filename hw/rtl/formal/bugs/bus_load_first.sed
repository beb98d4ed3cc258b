# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: BUS_1
# LOAD goes on however long fetch has waited.
s/assign req1_ready_o = free \&\& !wait_q;/assign req1_ready_o = free;/
