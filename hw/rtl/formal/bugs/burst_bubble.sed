# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_6
# A region is taken only when the one before has left.
s/assign region_ready_o = .*/assign region_ready_o = !valid_q;/
