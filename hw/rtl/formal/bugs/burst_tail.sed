# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_4
# The bytes in front of the region in its first bus word count for nothing: the last word is lost.
s/33'({offset != '0, offset_less1})/33'(BusBytes - 1)/
