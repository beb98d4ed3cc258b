# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_issue.sv
# A micro-op moves on although X and the spare register are occupied, and is lost.
s/assign r_move = r_valid_q \&\& !y_valid_q;/assign r_move = r_valid_q;/
