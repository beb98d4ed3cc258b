# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: AXIL_2
# A write is answered when its address is there.
s/assign commit        = aw_full_q \&\& w_full_q \&\& !b_valid_q;/assign commit        = aw_full_q \&\& !b_valid_q;/
