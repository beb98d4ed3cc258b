# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_issue.sv
# breaks: ISSUE_2
# What waits in the spare register is overtaken.
s/x_dst_q <= y_dst_q;/x_dst_q <= uop_data_i[15:0] + r_dst_off_q;/
