# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# breaks: BANK_4
# Both read the same input bank in one cycle.
s/ | (alu_inp \& gemm_inp)//
