# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_4
# A word is appended only to a queue less than half full.
s/(kept <= FillW'(BusBytes))/(kept < FillW'(BusBytes) \&\& taken == 0)/
