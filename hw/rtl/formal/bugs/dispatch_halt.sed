# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_5
# An instruction is queued while dispatch is halted.
s/if (state_q == StDecide \&\& !halt_i \&\& code/if (state_q == StDecide \&\& code/
