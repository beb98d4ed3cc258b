# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_4
# Rows of one run behind the first row have two.
s/last_x_q <= single_q;/last_x_q <= 1'b0;/
