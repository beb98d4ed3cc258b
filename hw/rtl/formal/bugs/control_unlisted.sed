# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_7
# Addresses that name no register show what was read last.
s/default:                     data_q <= 32'd0;/default:                     data_q <= data_q;/
