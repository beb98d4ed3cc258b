// SPDX-License-Identifier: Apache-2.0
// The multiply array with two int8 products a hardware multiplier: takes the place of ../tsr_dot.sv in synthesis.
//
//     inp_i (Batch x BlockIn int8) -----------+-> operand --+-> Batch x BlockOut / 2  --> two sums of --> + --> dot_o
//     wgt_i (BlockOut x BlockIn int8) -> pair +   register  |   x BlockIn multipliers     half a lane
//     en_operand_i ---------------------------+             |   and product registers     each, registers
//     en_product_i -----------------------------------------+                             |
//     en_dot_i ---------------------------------------------------------------------------+
//
// Ports, rules and latency are those of ../tsr_dot.sv, and so is every bit of dot_o.
//
// 1. Rows 2i and 2i + 1 of the weight tile share a multiplier for each k (tsr_dot_pair).
// 2. Pairs are made before the operand register, so that a multiplier's inputs come straight from registers.
// 3. The tree of adders is cut by registers in front of its last level, which so stands in front of whoever takes dot_o.
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

  localparam int unsigned Pairs = BlockOut / 2;
  localparam int unsigned Half = BlockIn / 2;
  localparam int unsigned HalfWidth = 16 + $clog2(Half);

  logic [8*Batch*BlockIn-1:0]  inp_q;
  logic [25*Pairs*BlockIn-1:0] pair_q;

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

      for (genvar k = 0; k < BlockIn; k++) begin : g_product
        tsr_dot_pair u_pair (
          .clk_i      (clk_i),
          .en_i       (en_product_i),
          .pair_i     (pair_q[25*(BlockIn*i+k) +: 25]),
          .x_i        (inp_q[8*(BlockIn*b+k) +: 8]),
          .product0_o (product0[16*k +: 16]),
          .product1_o (product1[16*k +: 16])
        );
      end

      for (genvar o = 0; o < 2; o++) begin : g_lane
        logic [16*BlockIn-1:0] product;
        logic [HalfWidth-1:0]  lower, upper, lower_q, upper_q;
        logic [HalfWidth:0]    sum;

        assign product = o == 0 ? product0 : product1;
        tsr_sum #(.Terms(Half), .Signed(o == 1)) u_lower (.term_i(product[16*Half-1:0]), .sum_o(lower));
        tsr_sum #(.Terms(Half), .Signed(o == 1)) u_upper (.term_i(product[32*Half-1:16*Half]), .sum_o(upper));

        always_ff @(posedge clk_i) begin
          if (en_dot_i) begin
            lower_q <= lower;
            upper_q <= upper;
          end
        end

        // BlockIn terms that are 2^15 too large each make half of the sum's range: its top bit is inverted.
        assign sum = {o == 1 && lower_q[HalfWidth-1], lower_q} + {o == 1 && upper_q[HalfWidth-1], upper_q};
        assign dot_o[32*(BlockOut*b+2*i+o) +: 32] = 32'(signed'({sum[HalfWidth] ^ (o == 0), sum[HalfWidth-1:0]}));
      end
    end
  end

endmodule
