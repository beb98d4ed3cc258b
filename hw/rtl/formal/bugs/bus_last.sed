# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: AXIM_7
# The count of beats is not started again for the next burst.
s/last ? 8'd0 : beat_q + 8'd1/beat_q + 8'd1/
