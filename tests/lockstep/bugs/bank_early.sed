# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_alu.sv
# ALU leaves the bank that it writes to GEMM four clocks too early.
s/localparam int unsigned Held = 6;/localparam int unsigned Held = 2;/
