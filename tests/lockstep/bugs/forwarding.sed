# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_gemm.sv
# GEMM does not forward the sum of the micro-op before to one on the same accumulator.
s/s4_forward_q <= s3_repeat;/s4_forward_q <= 1'b0;/
