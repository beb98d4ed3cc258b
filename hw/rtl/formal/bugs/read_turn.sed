# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_5
# LOAD always goes first.
s/wait_q <= req0_valid_i.*/wait_q <= 1'b0;/
