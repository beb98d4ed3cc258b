# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_queue_ahead.sv
# breaks: AHEAD_5
# The back reader is shown the item behind.
s/assign back_o        = .*/assign back_o        = mem[back_q[PtrW-1:0] + PtrW'(ahead_ready_i)];/
