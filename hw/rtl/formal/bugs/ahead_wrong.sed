# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_queue_ahead.sv
# breaks: AHEAD_4 AHEAD_6
# The ahead reader is shown the item that was written last.
s/assign ahead_o       = .*/assign ahead_o       = mem[wr_q[PtrW-1:0] - 1'b1];/
