# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo.sv
# breaks: FIFO_1
# The FIFO turns full a word early.
s/assign ready_o = .*/assign ready_o = (wr_q - rd_q) < (PtrW+1)'(Depth - 1);/
