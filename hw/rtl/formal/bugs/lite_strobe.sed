# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_lite.sv
# breaks: LITE_1 LITE_2
# Three strobes are enough.
s/s_axi_wstrb == 4'hf/s_axi_wstrb[2:0] == 3'h7/
