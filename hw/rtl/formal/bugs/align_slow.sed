# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_5
# A word is let in only when there is room for two.
s/assign in_ready_o  = .*/assign in_ready_o  = fill_q <= FillW'(2 * BusBytes);/
