// SPDX-License-Identifier: Apache-2.0
// Keeps GEMM and ALU out of each other's memory banks, so that one read and one write port a bank are enough.
//
//     gemm_want_i, gemm_busy_i, gemm_inp_i --> +-------+ --> gemm_grant_o
//     alu_want_i,  alu_busy_i,  alu_inp_i  --> | guard | --> alu_grant_o
//                                              +-------+
//
// Latency: none, combinational. Every mask has a bit for each of the four banks.
//
// 1. want: the accumulator banks of the micro-op that asks to issue, 0 if none does. busy: those of the micro-ops that have
//    issued and not yet left the pipeline.
// 2. A unit is granted only if nothing that it wants is in the other's busy mask.
// 3. If both want the same bank in the same cycle, GEMM wins. The same for the input banks, which are read at the same
//    distance from issue in both units, so that only micro-ops of the same cycle can meet.
// 4. Hence the busy masks never share a bank, and no two grants of a cycle share an input bank.
module tsr_bank_guard (
  input  logic [3:0] gemm_want_i,
  input  logic [3:0] gemm_busy_i,
  input  logic [3:0] gemm_inp_i,
  output logic       gemm_grant_o,

  input  logic [3:0] alu_want_i,
  input  logic [3:0] alu_busy_i,
  input  logic [3:0] alu_inp_i,
  output logic       alu_grant_o
);

  assign gemm_grant_o = (gemm_want_i & alu_busy_i) == 4'd0;
  assign alu_grant_o = (alu_want_i & gemm_busy_i) == 4'd0 &&
                       !(gemm_grant_o && ((alu_want_i & gemm_want_i) | (alu_inp_i & gemm_inp_i)) != 4'd0);

endmodule
