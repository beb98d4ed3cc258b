# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_queue_ahead.sv
# breaks: AHEAD_3
# The back reader sees items that the ahead reader has not taken.
s/assign back_valid_o  = back_valid_q;/assign back_valid_o  = wr_q != back_q;/
