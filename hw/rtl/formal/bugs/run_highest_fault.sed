# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_6
# The fault with the highest index is kept.
s/low_q\[31:0\] < index_q/low_q[31:0] > index_q/
