# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_1
# The next chunk skips a unit.
s/offset_q <= '0;$/offset_q <= OffW'(valid_q);/
