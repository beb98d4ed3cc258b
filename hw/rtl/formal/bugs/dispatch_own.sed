# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_3
# A LOAD may signal itself.
s/ || ld\.signal_mask\[tsr_isa_pkg::UnitLoad\]//
