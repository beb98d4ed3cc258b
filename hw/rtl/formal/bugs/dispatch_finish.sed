# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_6
# FINISH waits for LOAD only.
s/(pending_i == '0)/(pending_i[PendW-1:0] == '0)/
