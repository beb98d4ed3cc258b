# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_5 RUN_11
# Bursts may begin while the bus is drained.
s/assign abort_o       = .*/assign abort_o       = state_q == StClear || state_q == StClearWait;/
