# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_1
# Arguments can be written during a run.
s/end else if (write_i \&\& !running_i \&\& !start_ack_i) begin/end else if (write_i \&\& !start_ack_i) begin/
