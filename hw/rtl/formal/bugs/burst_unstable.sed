# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_7
# A burst goes on before it is taken.
s/assign fire           = valid_q \&\& burst_ready_i;/assign fire           = valid_q;/
