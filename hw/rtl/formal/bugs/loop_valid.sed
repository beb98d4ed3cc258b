# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_loop.sv
# breaks: LOOP_1
# The loop stays valid after its last step.
s/if (last_o) valid_q <= 1'b0;/if (last_o \&\& !flush_i) valid_q <= uop_count_i[0];/
