# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_2
# A word is let in although only part of it has room.
s/assign in_ready_o  = .*/assign in_ready_o  = fill_q < FillW'(4 * BusBytes);/
