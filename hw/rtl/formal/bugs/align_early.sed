# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_1
# A word may leave when one of its bytes is missing.
s/assign out_valid_o = .*/assign out_valid_o = fill_q + 1'b1 >= FillW'(out_length_i);/
