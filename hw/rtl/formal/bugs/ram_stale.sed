# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_fifo_ram.sv
# breaks: RAM_1
# The register stays valid when it is taken and memory is empty.
s/else if (ready_i) valid_q <= 1'b0;/else if (ready_i \&\& push_i) valid_q <= 1'b0;/
