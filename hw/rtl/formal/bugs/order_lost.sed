# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# breaks: ORDER_3 DEADLOCK_1
# Two units give a token in one clock: one of them is lost.
s/give_alu_i\[c\], give_gemm_i\[c\]/give_alu_i[c] \&\& !give_gemm_i[c], give_gemm_i[c]/
