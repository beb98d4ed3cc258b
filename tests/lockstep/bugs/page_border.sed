# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# Bursts do not stop at 4 KiB borders, nor words of an access at the bus word's.
s/LenW'(Size) - LenW'(run_offset_i)/LenW'(Size)/
