# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_alu.sv
# ALU does not forward the result of the micro-op four ahead, which is written while the old value is read.
s/s7_from_s11_q <= valid_q\[10\]/s7_from_s11_q <= 1'b0 \&\& valid_q[10]/
