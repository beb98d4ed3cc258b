// SPDX-License-Identifier: Apache-2.0
// Whether x_i lies outside of lo_i .. hi_i (signed), and clip_i is set.
module tsr_alu_range (
  input  logic        clip_i,
  input  logic [31:0] x_i,
  input  logic [15:0] lo_i,
  input  logic [15:0] hi_i,
  output logic        below_o,
  output logic        above_o
);

  // Unsigned, with the sign turned round, behind a bit that settles it without clip_i.
  assign below_o = {!clip_i, !x_i[31], x_i[30:0]} < {1'b0, !lo_i[15], {15{lo_i[15]}}, lo_i};
  assign above_o = {1'b0, !x_i[31], x_i[30:0]} > {!clip_i, !hi_i[15], {15{hi_i[15]}}, hi_i};

endmodule
