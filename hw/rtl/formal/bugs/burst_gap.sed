# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_3
# The next burst skips a word.
s/word_q  <= word_q + WordW'(limit);/word_q  <= word_q + WordW'(limit) + 1'b1;/
