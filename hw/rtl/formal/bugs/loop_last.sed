# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_loop.sv
# breaks: LOOP_2
# The outer loop is left out of the last step.
s/assign last_o = (uop_left_q | left1_q | left0_q) == 16'd0;/assign last_o = (uop_left_q | left1_q) == 16'd0;/
