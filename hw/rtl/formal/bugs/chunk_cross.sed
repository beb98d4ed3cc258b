# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: CHUNK_2
# A run's first chunk does not stop at the border.
s/LenW'(Size) - LenW'(run_offset_i)/LenW'(Size)/
