# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_11
# A write burst begins while the bus is drained.
s/ \&\& resp_ready \&\& !abort_i;/ \&\& resp_ready;/
