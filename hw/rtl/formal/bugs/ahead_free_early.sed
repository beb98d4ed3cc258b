# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_queue_ahead.sv
# breaks: AHEAD_1 AHEAD_5
# A slot is free when the ahead reader has taken the item.
s/assign ready_o       = .*/assign ready_o       = wr_q - ahead_q != (PtrW+1)'(Depth);/
