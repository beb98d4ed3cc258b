# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_1
# Arguments can be written in the clock in which a run begins.
s/write_i \&\& !running_i \&\& !start_ack_i) begin/write_i \&\& !running_i) begin/
