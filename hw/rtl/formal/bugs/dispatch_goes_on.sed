# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_4
# Dispatch goes on after a fault.
/StDecide: begin/,/push/s/state_q       <= StStop;/state_q       <= StFetch;/
