# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo_ram.sv
# breaks: RAM_4
# The next word is fetched only after the register is empty.
s/(!valid_q || ready_i)/!valid_q/
