# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_gemm.sv
# GEMM does not forward the sum of the micro-op before to one on the same accumulator.
s/(s4_repeat ? FromSum :/(s4_repeat ? FromMemory :/
