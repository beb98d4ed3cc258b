# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_4
# The last byte never leaves.
s/assign out_valid_o = .*/assign out_valid_o = fill_q > FillW'(out_length_i);/
