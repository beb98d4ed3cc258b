# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: AXIM_1
# A read burst replaces the one that is offered.
s/(!valid_q || m_axi_arready) \&\& owner_ready/owner_ready/
