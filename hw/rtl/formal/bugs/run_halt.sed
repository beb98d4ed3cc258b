# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_run.sv
# breaks: RUN_12
# Halt has a gap while the first fault is on its way.
s/halt_o   = halt_q/halt_o   = fault_q || pairs_q/
