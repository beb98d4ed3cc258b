# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DEADLOCK_1 ORDER_3
# Dispatch accepts waits for tokens that nobody gives.
s/== 8'd0) underflow = 1'b1/== 8'd254) underflow = 1'b1/
