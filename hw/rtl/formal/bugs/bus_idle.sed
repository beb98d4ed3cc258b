# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: BUS_3
# The read half is idle as soon as the address is taken.
s/assign idle_o       = !valid_q \&\& !owner_valid;/assign idle_o       = !valid_q;/
