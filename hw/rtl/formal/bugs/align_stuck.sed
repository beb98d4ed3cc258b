# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign_enough.sv
# breaks: ALIGN_4
# The last byte never leaves.
s/assign enough_o = .*/assign enough_o = fill_i > FillW'(length_i);/
