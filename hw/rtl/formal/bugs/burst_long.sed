# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_2
# A burst is as long as its page has room.
s/assign limit      = .*/assign limit      = page_left;/
