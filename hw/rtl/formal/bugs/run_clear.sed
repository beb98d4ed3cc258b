# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_8
# Memories are cleared while the bus is drained.
s/assign clear_o       = .*/assign clear_o       = state_q == StClear || state_q == StDrain;/
