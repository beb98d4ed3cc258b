# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_3
# The words that a drained burst lacks are written to memory.
s/abort_i ? BusBytes'(0) : w_strb_i/w_strb_i/
