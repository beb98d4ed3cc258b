// SPDX-License-Identifier: Apache-2.0
// A shift to the left, or to the right with the sign, in one barrel: to the left, what goes through it is turned round before and
// after. The operand is r_i or x_i.
module tsr_alu_shift (
  input  logic        left_i,
  input  logic        forward_i,
  input  logic [31:0] x_i,
  input  logic [31:0] r_i,
  input  logic [4:0]  by_i,
  output logic [31:0] shifted_o
);

  logic [31:0] x, from, to;

  assign x = forward_i ? r_i : x_i;
  for (genvar n = 0; n < 32; n++) begin : g_bit
    assign from[n] = left_i ? x[31-n] : x[n];
    assign shifted_o[n] = left_i ? to[31-n] : to[n];
  end
  assign to = 32'(signed'({!left_i && x[31], from}) >>> by_i);

endmodule
