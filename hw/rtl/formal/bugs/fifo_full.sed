# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo.sv
# breaks: FIFO_1
# The FIFO turns full a word early.
s/ready_q <= wr_q + (PtrW+1)'(1) != /ready_q <= wr_q + (PtrW+1)'(2) != /
