# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: READ_2
# The answer to fetch goes to LOAD if both ask.
s/\.data_i (load)/.data_i (req1_valid_i)/
