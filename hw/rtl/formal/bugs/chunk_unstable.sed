# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_6
# A chunk goes on before it is taken.
s/      if (ready_i) begin/      if (1'b1) begin/
