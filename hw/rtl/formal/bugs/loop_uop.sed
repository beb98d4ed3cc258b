# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_loop.sv
# breaks: LOOP_3
# The second round goes on behind the range.
s/uop_q <= begin_q;/uop_q <= uop_q + 16'd1;/
