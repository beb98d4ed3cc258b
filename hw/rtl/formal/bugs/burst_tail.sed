# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_4
# The bytes in front of the first bus word's region count for nothing: the last word is lost.
s/assign region_end = 33'(region_addr_i\[OffW-1:0\]) + /assign region_end = /
