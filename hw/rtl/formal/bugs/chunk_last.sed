# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_3
# A rest that ends at a border counts as more than a chunk.
s/rest_q\[LenW-1:0\] <= LenW'(Size)/rest_q[LenW-1:0] < LenW'(Size)/
