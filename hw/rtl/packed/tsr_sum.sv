// SPDX-License-Identifier: Apache-2.0
// Sum of 16-bit terms, signed or not, as a binary tree of adders: each instance is one adder over two smaller instances.
//
//     term_i, lower half --> tsr_sum --+
//     term_i, upper half --> tsr_sum --+ + --> sum_o
//
// Latency: none, combinational.
//
// 1. sum_o = sum over k of term_i[k]; it has a bit more for every doubling of Terms, so that nothing overflows.
// 2. Terms is a power of two.
// 3. A module for each adder, since Yosys gathers additions of one module into carry-save logic: twice the LUTs, and no
//    shorter on parts with carry chains.
module tsr_sum #(
  parameter int unsigned Terms = 16,
  parameter bit Signed = 1'b1,
  localparam int unsigned Width = 16 + $clog2(Terms)
) (
  input  logic [16*Terms-1:0] term_i,
  output logic [Width-1:0]    sum_o
);

  if (Terms == 1) begin : g_leaf
    assign sum_o = term_i;
  end else begin : g_tree
    logic [Width-2:0] lower, upper;
    tsr_sum #(.Terms(Terms / 2), .Signed(Signed)) u_lower (.term_i(term_i[8*Terms-1:0]), .sum_o(lower));
    tsr_sum #(.Terms(Terms / 2), .Signed(Signed)) u_upper (.term_i(term_i[16*Terms-1:8*Terms]), .sum_o(upper));
    assign sum_o = {Signed && lower[Width-2], lower} + {Signed && upper[Width-2], upper};
  end

endmodule
