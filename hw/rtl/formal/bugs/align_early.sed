# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign_enough.sv
# breaks: ALIGN_1
# A word may leave when one of its bytes is missing.
s/assign enough_o = .*/assign enough_o = fill_i + 1'b1 >= FillW'(length_i);/
