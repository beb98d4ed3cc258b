# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_5
# A run is taken only when the one before has left.
s/assign run_ready_o = .*/assign run_ready_o = !valid_q;/
