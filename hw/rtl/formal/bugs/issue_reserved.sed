# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_issue.sv
# breaks: ISSUE_3
# Reserved bits are not looked at behind the spare register.
s/x_ask_q <= y_valid_q ? !y_reserved_q : r_valid_q \&\& !r_reserved;/x_ask_q <= y_valid_q || (r_valid_q \&\& !r_reserved);/
