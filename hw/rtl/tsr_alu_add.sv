// SPDX-License-Identifier: Apache-2.0
// sum_o = (forward_i ? r_i : x_i), all bits inverted with inverse_i, + y_i.
module tsr_alu_add (
  input  logic        inverse_i,
  input  logic        forward_i,
  input  logic [31:0] x_i,
  input  logic [31:0] r_i,
  input  logic [31:0] y_i,
  output logic [31:0] sum_o
);

  assign sum_o = y_i + ((forward_i ? r_i : x_i) ^ {32{inverse_i}});

endmodule
