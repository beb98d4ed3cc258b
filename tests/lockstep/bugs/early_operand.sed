# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_alu.sv
# MUL, SHL and SHR do not wait for the accumulator that the micro-op just before writes.
s/if (x_ask \&\& x_ctl.early \&\& /if (1'b0 \&\& /
