# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_2
# The rows of a diagonal load are as far apart as those of others.
s/y_stride   = diag ?/y_stride   = 1'b0 ?/
