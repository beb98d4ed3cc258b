// SPDX-License-Identifier: Apache-2.0
// Keeps GEMM and ALU out of each other's memory banks, so that one read and one write port a bank are enough.
//
//     gemm_ask_i, gemm_acc_i, gemm_inp_i ----------> +-------+ --> gemm_grant_o
//     alu_*_ask_i, alu_dst_i, alu_src_i, alu_inp_i > | guard | --> alu_grant_o
//     gemm_busy_i, alu_busy_i (registers) ---------> +-------+
//
// Latency: none, combinational: the banks of the micro-ops that ask to issue come as numbers and are decoded here, the fewest
// levels of logic from their registers.
//
// 1. ask: which of its operands the micro-op that asks to issue has in banks. GEMM's is none when nothing asks, since it keeps
//    ALU waiting; ALU's need not be: a grant to a unit that does not ask means nothing. busy has a bit for each bank: those of
//    the micro-ops that were granted and that one of the other unit, issued now, could still meet there.
// 2. A unit is granted only if no accumulator bank that it wants is in the other's busy mask.
// 3. If both want the same bank in the same cycle, GEMM wins. The same for the input banks, which are read at the same
//    distance from issue in both units, so that only micro-ops of the same cycle can meet.
// 4. Hence the busy masks never share a bank, and no two grants of a cycle share an input bank.
module tsr_bank_guard (
  input  logic       gemm_ask_i,
  input  logic [1:0] gemm_acc_i,
  input  logic [1:0] gemm_inp_i,
  input  logic [3:0] gemm_busy_i,
  output logic       gemm_grant_o,

  input  logic       alu_dst_ask_i,   // writes acc[dst]
  input  logic       alu_src_ask_i,   // reads acc[src]
  input  logic       alu_inp_ask_i,   // reads inp[src]
  input  logic [1:0] alu_dst_i,
  input  logic [1:0] alu_src_i,
  input  logic [1:0] alu_inp_i,
  input  logic [3:0] alu_busy_i,
  output logic       alu_grant_o
);

  logic [3:0] gemm_acc, gemm_inp, alu_acc, alu_inp;  // wanted

  always_comb begin
    gemm_acc = 4'd0;
    gemm_inp = 4'd0;
    alu_acc = 4'd0;
    alu_inp = 4'd0;
    if (gemm_ask_i) begin
      gemm_acc = 4'd1 << gemm_acc_i;
      gemm_inp = 4'd1 << gemm_inp_i;
    end
    if (alu_dst_ask_i) alu_acc = 4'd1 << alu_dst_i;
    if (alu_src_ask_i) alu_acc = alu_acc | 4'd1 << alu_src_i;
    if (alu_inp_ask_i) alu_inp = 4'd1 << alu_inp_i;
  end

  assign gemm_grant_o = (gemm_acc & alu_busy_i) == 4'd0;
  assign alu_grant_o = (alu_acc & gemm_busy_i) == 4'd0 &&
                       !(gemm_grant_o && ((alu_acc & gemm_acc) | (alu_inp & gemm_inp)) != 4'd0);

endmodule
