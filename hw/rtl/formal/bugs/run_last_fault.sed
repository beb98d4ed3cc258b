# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_6
# A later fault replaces an earlier one.
s/(!fault_q || low_q\[31:0\] < index_q)/1'b1/
