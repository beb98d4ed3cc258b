# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: AXIM_6
# A burst is as long as its page has room.
s/assign limit      = .*/assign limit      = page_left;/
