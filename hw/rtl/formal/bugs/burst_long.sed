# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_2
# A burst has a beat too many.
s/assign burst_beats_o = .*/assign burst_beats_o = 9'(beats) + 9'd1;/
