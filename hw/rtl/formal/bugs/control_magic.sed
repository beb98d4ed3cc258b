# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_6
# The halves of the configuration's identity are swapped.
s/ConfigId\[31:0\]/ConfigId[63:32]/
