# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_gemm.sv
# GEMM does not forward the sum of the micro-op before the last one.
s/(s4_repeat_before ? FromSumBefore : FromMemory)/FromMemory/
