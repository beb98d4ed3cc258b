// SPDX-License-Identifier: Apache-2.0
// sum_o = (forward_i ? r_i : x_i), all bits inverted with inverse_i, + y_i. The first operand in halves: as in tsr_gemm_add.
module tsr_alu_add (
  input  logic        inverse_i,
  input  logic        forward_i,
  input  logic [31:0] x_i,
  input  logic [31:0] r_i,
  input  logic [31:0] y_i,
  output logic [31:0] sum_o
);

  logic [15:0] upper, lower;

  assign upper = (forward_i ? r_i[31:16] : x_i[31:16]) ^ {16{inverse_i}};
  assign lower = (forward_i ? r_i[15:0] : x_i[15:0]) ^ {16{inverse_i}};
  assign sum_o = y_i + {upper, lower};

endmodule
