// SPDX-License-Identifier: Apache-2.0
// Sum of signed 16-bit terms, as a binary tree of adders: each instance is one adder over two smaller instances.
//
//     term_i, lower half --> tsr_sum --+
//     term_i, upper half --> tsr_sum --+ + --> sum_o
//
// Latency: none, combinational.
//
// 1. sum_o = sum over k of signed term_i[k]; it has a bit more for every doubling of Terms, so that nothing overflows.
// 2. Terms is a power of two, at least 2.
// 3. A module for each adder, since Yosys gathers additions of one module into carry-save logic: twice the LUTs, and no
//    shorter on parts with carry chains.
module tsr_sum #(
  parameter int unsigned Terms = 16,
  localparam int unsigned Width = 16 + $clog2(Terms)
) (
  input  logic [16*Terms-1:0] term_i,
  output logic [Width-1:0]    sum_o
);

  logic [Width-2:0] lower, upper;

  if (Terms == 2) begin : g_leaf
    assign lower = term_i[15:0];
    assign upper = term_i[31:16];
  end else begin : g_tree
    tsr_sum #(.Terms(Terms / 2)) u_lower (.term_i(term_i[8*Terms-1:0]), .sum_o(lower));
    tsr_sum #(.Terms(Terms / 2)) u_upper (.term_i(term_i[16*Terms-1:8*Terms]), .sum_o(upper));
  end

  assign sum_o = {lower[Width-2], lower} + {upper[Width-2], upper};

endmodule
