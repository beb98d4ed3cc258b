# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_4
# A write burst survives reset.
s/if (!rst_ni)            valid_q <= 1.b0;/if (!rst_ni)            valid_q <= valid_q;/
