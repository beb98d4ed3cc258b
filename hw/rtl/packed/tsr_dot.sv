// SPDX-License-Identifier: Apache-2.0
// The multiply array with two int8 products a hardware multiplier: takes the place of ../tsr_dot.sv in synthesis.
//
//     inp_i (Batch x BlockIn int8) -----------+-> operand --+-> Batch x BlockOut / 2    --> dot --> dot_o
//     wgt_i (BlockOut x BlockIn int8) -> pair +   register  |   x BlockIn multipliers,      register
//     en_operand_i ---------------------------+             |   split, summed in trees
//     en_dot_i ---------------------------------------------+
//
// Ports, rules and latency are those of ../tsr_dot.sv, and so is every bit of dot_o.
//
// 1. Rows 2i and 2i + 1 of the weight tile share a multiplier for each k (tsr_dot_pair).
// 2. Pairs are made before the operand register, so that a multiplier's inputs come straight from registers.
module tsr_dot #(
  parameter int unsigned Batch = tsr_cfg_pkg::Batch,
  parameter int unsigned BlockIn = tsr_cfg_pkg::BlockIn,
  parameter int unsigned BlockOut = tsr_cfg_pkg::BlockOut
) (
  input  logic                           clk_i,
  input  logic                           en_operand_i,
  input  logic                           en_dot_i,
  input  logic [8*Batch*BlockIn-1:0]     inp_i,
  input  logic [8*BlockOut*BlockIn-1:0]  wgt_i,
  output logic [32*Batch*BlockOut-1:0]   dot_o
);

  localparam int unsigned Pairs = BlockOut / 2;
  localparam int unsigned SumWidth = 16 + $clog2(BlockIn);

  logic [8*Batch*BlockIn-1:0]  inp_q;
  logic [25*Pairs*BlockIn-1:0] pair_q;

  function automatic logic [31:0] ones(input logic [BlockIn-1:0] bits);
    int count;
    count = 0;
    for (int unsigned k = 0; k < BlockIn; k++) count += 32'(bits[k]);
    ones = count;
  endfunction

  always_ff @(posedge clk_i) if (en_operand_i) inp_q <= inp_i;

  for (genvar i = 0; i < Pairs; i++) begin : g_pair
    for (genvar k = 0; k < BlockIn; k++) begin : g_weight
      logic [7:0] w0, w1;
      assign w0 = wgt_i[8*(BlockIn*(2*i)+k) +: 8];
      assign w1 = wgt_i[8*(BlockIn*(2*i+1)+k) +: 8];
      // w1 * 2^16 + w0
      always_ff @(posedge clk_i) begin
        if (en_operand_i) pair_q[25*(BlockIn*i+k) +: 25] <= {{w1[7], w1} - {8'd0, w0[7]}, {8{w0[7]}}, w0};
      end
    end

    for (genvar b = 0; b < Batch; b++) begin : g_row
      logic [16*BlockIn-1:0] product0, product1;
      logic [BlockIn-1:0]    borrow;
      logic [SumWidth-1:0]   sum0, sum1;

      for (genvar k = 0; k < BlockIn; k++) begin : g_product
        tsr_dot_pair u_pair (
          .pair_i     (pair_q[25*(BlockIn*i+k) +: 25]),
          .x_i        (inp_q[8*(BlockIn*b+k) +: 8]),
          .product0_o (product0[16*k +: 16]),
          .product1_o (product1[16*k +: 16]),
          .borrow_o   (borrow[k])
        );
      end

      tsr_sum #(.Terms(BlockIn)) u_sum0 (.term_i(product0), .sum_o(sum0));
      tsr_sum #(.Terms(BlockIn)) u_sum1 (.term_i(product1), .sum_o(sum1));

      always_ff @(posedge clk_i) begin
        if (en_dot_i) begin
          dot_o[32*(BlockOut*b+2*i) +: 32] <= 32'(signed'(sum0));
          dot_o[32*(BlockOut*b+2*i+1) +: 32] <= 32'(signed'(sum1)) + ones(borrow);
        end
      end
    end
  end

endmodule
