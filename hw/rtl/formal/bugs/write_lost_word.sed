# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_2 WRITE_3
# A word is taken from STORE when there is no room for it.
s/w_ready_o = burst_valid \&\& skid_ready \&\& !abort_i/w_ready_o = burst_valid \&\& !abort_i/
