// SPDX-License-Identifier: Apache-2.0
// The multiply array: every batch row of an input tile times every row of a weight tile.
//
//     inp_i (Batch x BlockIn int8) ----+-> operand --+-> BlockOut x Batch  --> product -+-> dot --> dot_o
//     wgt_i (BlockOut x BlockIn int8) -+   register  |   sums of BlockIn       register |   register  (Batch x BlockOut int32)
//     en_operand_i --------------------+             |   products                       |
//     en_product_i ----------------------------------+                                  |
//     en_dot_i -------------------------------------------------------------------------+
//
// Latency: three clocks. dot_o is the result of the operands captured with en_operand_i, passed on with en_product_i, one cycle
// after en_dot_i.
//
// 1. dot_o lane b * BlockOut + o = sum over k of signed inp[b][k] * signed wgt[o][k].
// 2. Each of the three enables loads its registers, which hold while it is low. Where the sum is cut by the two latter ones is
//    for hardware to choose (packed/tsr_dot.sv); here all of it lies in front of the product register.
//
// One function over packed operands: the style that Verilator and clang turn into vector instructions. A process for each
// lane: with all lanes in one, Yosys 0.23's flow for 7-series parts loses the sign bits of all lanes but the last.
module tsr_dot #(
  parameter int unsigned Batch = tsr_cfg_pkg::Batch,
  parameter int unsigned BlockIn = tsr_cfg_pkg::BlockIn,
  parameter int unsigned BlockOut = tsr_cfg_pkg::BlockOut
) (
  input  logic                           clk_i,
  input  logic                           en_operand_i,
  input  logic                           en_product_i,
  input  logic                           en_dot_i,
  input  logic [8*Batch*BlockIn-1:0]     inp_i,
  input  logic [8*BlockOut*BlockIn-1:0]  wgt_i,
  output logic [32*Batch*BlockOut-1:0]   dot_o
);

  logic [8*Batch*BlockIn-1:0]    inp_q;
  logic [8*BlockOut*BlockIn-1:0] wgt_q;
  logic [32*Batch*BlockOut-1:0]  dot_q;

  // The sum twice: multipliers are built from the second form. Verilator makes two masks and a negation of its sign
  // extensions, in which clang sees none; those of the first form it knows.
  function automatic logic [31:0] dot(input logic [8*BlockIn-1:0] x, input logic [8*BlockIn-1:0] w);
    int sum;
    sum = 0;
`ifdef VERILATOR
    for (int unsigned k = 0; k < BlockIn; k++)
      sum += (({24'd0, x[8*k +: 8]} ^ 32'h80) - 32'h80) * (({24'd0, w[8*k +: 8]} ^ 32'h80) - 32'h80);
`else
    for (int unsigned k = 0; k < BlockIn; k++) sum += 32'(signed'(x[8*k +: 8])) * 32'(signed'(w[8*k +: 8]));
`endif
    dot = sum;
  endfunction

  always_ff @(posedge clk_i) begin
    if (en_operand_i) begin
      inp_q <= inp_i;
      wgt_q <= wgt_i;
    end
  end

  always_ff @(posedge clk_i) if (en_dot_i) dot_o <= dot_q;

  for (genvar b = 0; b < Batch; b++) begin : g_row
    for (genvar o = 0; o < BlockOut; o++) begin : g_lane
      always_ff @(posedge clk_i) begin
        if (en_product_i) dot_q[32*(b*BlockOut+o) +: 32] <= dot(inp_q[8*BlockIn*b +: 8*BlockIn], wgt_q[8*BlockIn*o +: 8*BlockIn]);
      end
    end
  end

endmodule
