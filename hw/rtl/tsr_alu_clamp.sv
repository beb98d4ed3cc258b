// SPDX-License-Identifier: Apache-2.0
// The end of a lane: r_o = x_i, or the limit beyond which it lies, but with other_i x_i as it is.
//
// A module of its own, so that behind below_i and above_i, which come last, stands one level of logic.
module tsr_alu_clamp (
  input  logic        other_i,
  input  logic        below_i,
  input  logic        above_i,
  input  logic [15:0] lo_i,
  input  logic [15:0] hi_i,
  input  logic [31:0] x_i,
  output logic [31:0] r_o
);

  always_comb begin
    r_o = x_i;
    if (!other_i && below_i) r_o = {{16{lo_i[15]}}, lo_i};
    else if (!other_i && above_i) r_o = {{16{hi_i[15]}}, hi_i};
  end

endmodule
