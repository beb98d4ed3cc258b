# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo_ram.sv
# breaks: RAM_2 RAM_3
# The output register is overwritten while nobody takes it.
s/(!valid_q || ready_i)/1'b1/
