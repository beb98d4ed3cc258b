# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_5
# The mark of the region follows its input.
s/assign burst_user_o  = user_q;/assign burst_user_o  = region_user_i;/
