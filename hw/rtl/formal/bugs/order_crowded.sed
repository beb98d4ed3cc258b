# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DEADLOCK_2
# A giver is held back until the token before was taken, which may be by an instruction behind it.
s/>= 10'd255)/>= 10'd1)/
