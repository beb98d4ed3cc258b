# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_issue.sv
# breaks: ISSUE_1
# The loop waits although the spare register is free.
s/assign f_step = f_valid \&\& (!r_valid_q || r_move);/assign f_step = f_valid \&\& (!r_valid_q || (r_move \&\& x_load));/
