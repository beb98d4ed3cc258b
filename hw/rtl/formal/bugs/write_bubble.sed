# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_5
# Only one word is held between STORE and W.
s/w_ready_o = burst_valid \&\& skid_ready/w_ready_o = burst_valid \&\& !m_axi_wvalid/
