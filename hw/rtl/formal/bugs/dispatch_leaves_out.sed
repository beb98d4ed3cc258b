# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_1
# An instruction that cannot be queued at once is left out.
s/end else if (push) begin/end else begin/
