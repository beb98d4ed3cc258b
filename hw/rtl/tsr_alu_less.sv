// SPDX-License-Identifier: Apache-2.0
// less_o = (forward_i ? r_i : x_i) < y_i, signed.
module tsr_alu_less (
  input  logic        forward_i,
  input  logic [31:0] x_i,
  input  logic [31:0] r_i,
  input  logic [31:0] y_i,
  output logic        less_o
);

  logic [31:0] x;
  logic [32:0] difference;

  assign x = forward_i ? r_i : x_i;
  assign difference = {y_i[31], y_i} + {!x[31], ~x};  // y - x - 1
  assign less_o = !difference[32];

endmodule
