# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_realign.sv
# breaks: ALIGN_2
# A word is appended at the old fill mark although bytes leave.
s/<< {kept, 3'b000}/<< {fill_q, 3'b000}/
