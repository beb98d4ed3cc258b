# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: AXIM_5
# Bursts do not stop at 4 KiB borders.
s/assign limit      = .*/assign limit      = 10'(MaxBeats);/
