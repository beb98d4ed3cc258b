# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_reader.sv
# breaks: READER_2
# Room that words leave is seen only when a burst is asked for.
s/ : free_q >= FreeW'(MaxBeats - 1);/ : room_q;/
