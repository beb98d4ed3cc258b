# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_3
# SLVERR is not seen as an error.
s/r_error_o    = m_axi_rresp\[1\]/r_error_o    = \&m_axi_rresp/
