# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: AXIM_9
# The number of bursts in flight is not looked at.
s/(!valid_q || m_axi_arready) \&\& owner_ready/(!valid_q || m_axi_arready)/
