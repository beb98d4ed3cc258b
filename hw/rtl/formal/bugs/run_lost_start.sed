# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_10
# A start is taken a cycle late.
s/else if (start_ack_o) state_q <= StRun;/else if (start_q) state_q <= StRun;/
