// SPDX-License-Identifier: Apache-2.0
// One lane of GEMM's sum, as hardware is to have it: sum_o = dot_i + memory_i, sum_i, before_i or 0, by from_i.
//
// A module of its own, so that Yosys puts the choice and the addition into one level of logic behind the accumulator's memory. The
// choice in two halves: of two operands Yosys takes the one in fewer pieces past that level into the carry chain, which has to
// be dot_i.
module tsr_gemm_add (
  input  logic [31:0] dot_i,
  input  logic [1:0]  from_i,
  input  logic [31:0] memory_i,   // 0
  input  logic [31:0] sum_i,      // 1
  input  logic [31:0] before_i,   // 2
  output logic [31:0] sum_o
);

  logic [15:0] upper, lower;

  assign upper = from_i[1] ? (from_i[0] ? 16'd0 : before_i[31:16]) : (from_i[0] ? sum_i[31:16] : memory_i[31:16]);
  assign lower = from_i[1] ? (from_i[0] ? 16'd0 : before_i[15:0]) : (from_i[0] ? sum_i[15:0] : memory_i[15:0]);
  assign sum_o = dot_i + {upper, lower};

endmodule
