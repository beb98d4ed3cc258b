# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/lib/tsr_chunks.sv
# breaks: BURST_1
# Bursts do not stop at borders.
s/LenW'(Size) - LenW'(run_offset_i)/LenW'(Size)/
