# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_runs.sv
# breaks: RUNS_2
# The row after the next one begins where the next one does.
s/row_q    <= row_q + 22.(y_stride_q);/row_q    <= row_q;/
