# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_loop.sv
# breaks: LOOP_4
# An outer step goes on from the last inner one.
s/dst_q <= dst_row_q + dst0_q;/dst_q <= dst_q + dst0_q;/
