# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_6
# Of faults of ALU and STORE in the same clock the higher one is taken.
s/fault_index_i\[127:96\] < fault_index_i/fault_index_i[127:96] > fault_index_i/
