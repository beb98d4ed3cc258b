# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_3
# A start written while memories are cleared is lost.
s/write_data_i\[0\] \&\& !running_i \&\& !start_ack_i/write_data_i[0] \&\& idle_i/
