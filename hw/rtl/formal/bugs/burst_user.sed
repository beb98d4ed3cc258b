# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_5
# The mark is that of the region behind.
s/assign burst_user_o  = .*/assign burst_user_o  = user_q;/
