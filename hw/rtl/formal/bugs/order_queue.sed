# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo.sv
# breaks: ORDER_2
# An instruction overtakes another in its queue.
s/mem\[rd_q\[PtrW-1:0\]\]/mem[~rd_q[PtrW-1:0]]/
