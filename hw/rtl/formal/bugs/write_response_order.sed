# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_4
# The mark of a burst is taken when its response comes, not when it is asked for.
s/b_last_o     = m_axi_bvalid \&\& resp_valid \&\& resp_last/b_last_o     = m_axi_bvalid \&\& resp_valid \&\& req_last_i/
