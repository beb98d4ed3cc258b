# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# breaks: BANK_5
# GEMM gives way.
s/assign gemm_grant_o = .*/assign gemm_grant_o = (gemm_acc \& (alu_busy_i | alu_acc)) == 4'd0;/
