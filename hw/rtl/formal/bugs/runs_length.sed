# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_3
# Runs behind the first one have the length of what the queue offers.
s/valid_o ? length_q : run_i/run_i/
