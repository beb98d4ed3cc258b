# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_1
# A start is taken while the core is in reset.
s/ \&\& start_i \&\& !soft_reset_i \&\& core_rst_nq;/ \&\& start_i \&\& !soft_reset_i;/
