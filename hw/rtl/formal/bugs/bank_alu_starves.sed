# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_bank_guard.sv
# breaks: BANK_6
# ALU waits for GEMM's wish although that is not granted.
s/!(gemm_grant_o \&\& /!(/
