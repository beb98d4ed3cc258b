# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_8
# Bursts are cut a word before the border.
s/assign page_left  = 10'(1 << PageW) - 10'(word_q\[PageW-1:0\]);/assign page_left  = 10'((1 << PageW) - 1) - 10'(word_q[PageW-1:0]) + 10'(word_q[PageW-1:0] == '1);/
