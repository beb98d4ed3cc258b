# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_2
# Lanes below the write pointer go to the word before the one they belong to.
s/assign wr_next = .*/assign wr_next = wr_word - 2'd1;/
