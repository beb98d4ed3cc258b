# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# breaks: BANK_3 BANK_7
# Both get the same bank in one cycle.
s/(alu_acc \& gemm_acc) | //
