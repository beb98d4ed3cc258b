# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_3
# The next burst leaves out what lies between two borders.
s/block_q <= block_q + (WordW-BeatW)'(1);/block_q <= block_q + (WordW-BeatW)'(2);/
