# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_queue_ahead.sv
# breaks: AHEAD_2
# The last item is not shown to the ahead reader.
s/assign ahead_valid_o = ahead_valid_q;/assign ahead_valid_o = ahead_valid_q \&\& wr_q != ahead_q + 1'b1;/
