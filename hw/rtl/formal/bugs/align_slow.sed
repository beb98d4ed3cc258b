# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_5
# A full word waits until the queue is empty enough without the word that leaves.
s/(kept <= FillW'(BusBytes))/(fill_q <= FillW'(BusBytes))/
