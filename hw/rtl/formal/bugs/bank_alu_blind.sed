# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# breaks: BANK_2 BANK_7
# ALU does not look at the banks that GEMM uses.
s/(alu_acc \& gemm_busy_i) == 4'd0/1'b1/
