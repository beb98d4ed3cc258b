# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_5
# The steps of the second row go on counting below zero.
s/x_q      <= x_steps_q;/x_q      <= x_q;/
