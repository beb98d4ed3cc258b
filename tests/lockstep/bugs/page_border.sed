# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# Bursts do not stop at 4 KiB borders.
s/assign limit      = (page_left < 10'(MaxBeats)) ? page_left : 10'(MaxBeats);/assign limit      = (page_left == 10'd0) ? page_left : 10'(MaxBeats);/
