# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_2
# Reading CTRL does not clear done.
/read_addr_i == tsr_isa_pkg::RegCtrl/,/end/s/done_q  <= 1'b0;/done_q  <= done_q;/
