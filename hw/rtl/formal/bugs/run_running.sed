# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_4
# A soft reset counts as running.
s/assign running_o     = .*/assign running_o     = state_q == StRun || state_q == StDrain;/
