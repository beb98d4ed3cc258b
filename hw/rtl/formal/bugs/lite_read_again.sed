# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: LITE_3 AXIL_3
# A read is passed on, and answered, again.
s/assign read_o       = .*/assign read_o       = !read_q \&\& !r_valid_q;/
