# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_8
# Data does not wait for its address.
s/assign send      = burst_valid \&\& /assign send      = /
