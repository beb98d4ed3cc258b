# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_1
# LOAD's burst is as long as fetch asks.
s/(load ? req1_beats_i : req0_beats_i)/(1'b0 ? req1_beats_i : req0_beats_i)/
