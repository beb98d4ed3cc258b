# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_7
# The unit of the first fault is kept with the code of the lowest.
s/{unit_q, code_q, index_q} <= low_q;/{unit_q, code_q, index_q} <= {fault_q ? unit_q : low_q[42:40], low_q[39:0]};/
