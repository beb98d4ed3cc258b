# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_3
# The strobes are not moved to the offset.
s/ << out_length_i) << out_offset_i;/ << out_length_i);/
