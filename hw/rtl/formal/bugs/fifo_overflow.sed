# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo.sv
# breaks: FIFO_2 FIFO_3 FIFO_4
# A full FIFO takes another word.
s/assign push    = valid_i \&\& ready_o;/assign push    = valid_i;/
