# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_write.sv
# breaks: WRITE_4
# Every burst's response ends a store.
s/\.data_i (req_last_i)/.data_i (1'b1)/
