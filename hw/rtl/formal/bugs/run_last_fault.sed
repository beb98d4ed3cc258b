# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_6
# A later fault replaces an earlier one.
s/((!fault_q \&\& !take) || fault_index_i\[32\*u+:32\] < index)/1'b1/
