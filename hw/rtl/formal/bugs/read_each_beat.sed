# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_2 READ_3
# The requester changes with each beat, not with each burst.
s/\.ready_i(m_axi_rvalid \&\& m_axi_rlast)/.ready_i(m_axi_rvalid)/
