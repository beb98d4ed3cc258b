# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_3
# Idle while memories are cleared.
s/assign idle_o        = .*/assign idle_o        = state_q == StIdle || state_q == StClearWait;/
