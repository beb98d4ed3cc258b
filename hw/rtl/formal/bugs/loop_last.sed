# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_loop.sv
# breaks: LOOP_2
# The outer loop is left out of the last step.
s/assign last_o = uop_end_q \&\& end1_q \&\& end0_q;/assign last_o = uop_end_q \&\& end1_q;/
