# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_9
# A soft reset sets done.
s/ \&\& bus_idle_i \&\& !soft_q \&\& !soft_reset_i;/ \&\& bus_idle_i;/
