# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_4
# A clock is lost between two bursts.
s/(!valid_q || m_axi_arready) \&\& owner_ready/!valid_q \&\& owner_ready/
