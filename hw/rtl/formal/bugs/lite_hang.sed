# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: LITE_5
# A read waits until no write is under way.
s/assign read_o       = .*/assign read_o       = ar_full_q \&\& !read_q \&\& !r_valid_q \&\& !aw_full_q;/
