// SPDX-License-Identifier: Apache-2.0
// Two int8 products from one multiplier.
//
//     pair_i = w1 * 2^16 + w0 --+
//                               * --> product0_o = w0 * x, product1_o + borrow_o = w1 * x
//     x_i ----------------------+
//
// Latency: none, combinational.
//
// 1. p = pair_i * x = (w1 * x) * 2^16 + w0 * x. |w0 * x| <= 2^14, so its low half is w0 * x as a signed number, and the high
//    half is w1 * x, less one exactly when w0 * x is negative: borrow_o = p[15].
// 2. pair_i has 25 bits, the wider input of a DSP48E1; the halves cannot lie further apart. The borrow is left to the sum of
//    many products, where it costs least.
module tsr_dot_pair (
  input  logic [24:0] pair_i,
  input  logic [7:0]  x_i,
  output logic [15:0] product0_o,
  output logic [15:0] product1_o,
  output logic        borrow_o
);

  logic [31:0] p;

  assign p = 32'(signed'(pair_i)) * 32'(signed'(x_i));
  assign product0_o = p[15:0];
  assign product1_o = p[31:16];
  assign borrow_o = p[15];

endmodule
