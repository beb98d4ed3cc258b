// SPDX-License-Identifier: Apache-2.0
// Two int8 products from one multiplier.
//
//     pair_i = w1 * 2^16 + w0 --+
//                               * -- + 2^15 --> register --> product0_o = w0 * x + 2^15, product1_o = w1 * x
//     x_i ----------------------+
//
// Latency: one clock; the register holds while en_i is low.
//
// 1. p = pair_i * x + 2^15 = (w1 * x) * 2^16 + (w0 * x + 2^15). |w0 * x| <= 2^14, so what stands in brackets lies in 0 .. 2^16 - 1:
//    it is the low half, unsigned, and the high half is w1 * x, signed.
// 2. pair_i has 25 bits, the wider input of a DSP48E1; the halves cannot lie further apart. The constant is the third operand
//    of the same DSP block, and the register its output register.
module tsr_dot_pair (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [24:0] pair_i,
  input  logic [7:0]  x_i,
  output logic [15:0] product0_o,
  output logic [15:0] product1_o
);

  logic [31:0] product, p_q;

  assign product = 32'(signed'(pair_i)) * 32'(signed'(x_i));

  always_ff @(posedge clk_i) if (en_i) p_q <= product + 32'h8000;

  assign product0_o = p_q[15:0];
  assign product1_o = p_q[31:16];

endmodule
