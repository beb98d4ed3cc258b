// SPDX-License-Identifier: Apache-2.0
// less_o = (forward_i ? r_i : x_i) < y_i, signed. The first operand in halves: as in tsr_gemm_add.
module tsr_alu_less (
  input  logic        forward_i,
  input  logic [31:0] x_i,
  input  logic [31:0] r_i,
  input  logic [31:0] y_i,
  output logic        less_o
);

  logic [15:0] upper, lower;  // inverted
  logic [32:0] difference;

  assign upper = ~(forward_i ? r_i[31:16] : x_i[31:16]);
  assign lower = ~(forward_i ? r_i[15:0] : x_i[15:0]);
  assign difference = {y_i[31], y_i} + {upper[15], upper, lower};  // y - x - 1
  assign less_o = !difference[32];

endmodule
