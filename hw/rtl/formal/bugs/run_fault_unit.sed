# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_7
# The unit of the first fault is kept with the code of the lowest.
s/        unit  = 3'(u);/        unit  = fault_q ? unit_q : 3'(u);/
