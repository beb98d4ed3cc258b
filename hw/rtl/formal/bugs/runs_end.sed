# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_1
# The last row is left out.
s/!(last_x_o \&\& last_y_o) : take_i/!last_x_o : take_i/
