# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_control.sv
# breaks: CTRL_4
# Any write to soft_reset resets.
s/RegSoftReset \&\& write_data_i\[0\];/RegSoftReset;/
