# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# breaks: ORDER_1 ORDER_4
# A counter that has had a token seems to have one for ever: tokens are taken before they are given.
s/avail_q\[n\] <= give\[n\].*;/avail_q[n] <= 1'b1;/
