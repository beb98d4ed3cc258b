# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_burst.sv
# breaks: BURST_7
# A burst goes on before it is taken.
s/\.ready_i     (burst_ready_i)/.ready_i     (1'b1)/
