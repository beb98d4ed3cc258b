# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_4
# Chunks are cut a unit before the border.
s/LenW'(Size) - LenW'(run_offset_i)/LenW'(Size) - LenW'(run_offset_i) - LenW'(run_offset_i == '0)/
