# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_5
# The end of a run raises an interrupt that is not enabled.
s/: isr_q) | ier_q;/: isr_q) | 2'b01;/
