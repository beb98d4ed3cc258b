// SPDX-License-Identifier: Apache-2.0
// Requantisation of a vector: 32-bit fixed-point multiply, rounded twice or once, or the operand unchanged.
//
//     b_i ------> R1 ------> R2 ------> R3 ---------> R4 ---------> R5 ------------> R6 ------> t_o
//                 + bias     << lsh     partial       sum, round,   >> rsh,          + imm + carry
//     par_i ----> (bias, multiplier, lsh, rsh, mode: one set a channel)  products >> 31  carry: half away or up
//
// Latency: six clocks, valid_i to t_o; one vector a clock. A stage's registers change only when it receives something.
//
// 1. rescale_i = 1: t = RDBPOT(((b + bias) << lsh) * multiplier + 2^30 >> 31, rsh) + imm, all but the product modulo 2^32.
// 2. RDBPOT(x, e): mask = 2^e - 1, rem = x & mask, thr = (mask >> 1) + (x < 0), (x >> e) + (rem > thr).
//    What is added to x >> e is x[e-1], if x >= 0 or any lower bit is set too.
// 3. rescale_i = 0: t = b, by way of zeros for bias, shifts and imm.
// 4. Lane l takes parameter set l mod Channels. A set is, from bit 0: bias 32, multiplier 32, lsh 8, rsh 8, mode 8, zero 8;
//    only the low five bits of the shifts and the lowest of mode count.
// 5. mode 1 (single rounding), rsh > 0: the product is cut, not rounded, at bit 31, and its shift by rsh rounds half up:
//    (x >> rsh) + x[rsh-1]. With rsh = 0 both modes are the same.
//
// The multiplier is four 16 x 16 products, so that no synthesis tool has to split it and each fits one DSP block. In Verilator it
// is one product of 64 bits, whose lanes are words.
module tsr_rescale #(
  parameter int unsigned Channels = tsr_cfg_pkg::BlockOut,
  parameter int unsigned Lanes = tsr_cfg_pkg::Batch * Channels
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   flush_i,
  input  logic                   valid_i,
  input  logic                   rescale_i,
  input  logic [15:0]            imm_i,
  input  logic [32*Lanes-1:0]    b_i,
  input  logic [96*Channels-1:0] par_i,
  output logic [32*Lanes-1:0]    t_o
);

  logic [5:1]             valid_q;
  logic [3:1]             rescale_q;
  logic [15:0]            imm1_q, imm2_q, imm3_q, imm4_q, imm5_q;
  logic [32*Channels-1:0] mul1_q, mul2_q;
  logic [5*Channels-1:0]  lsh1_q;
  logic [5*Channels-1:0]  rsh1_q, rsh2_q, rsh3_q, rsh4_q;
  logic [Channels-1:0]    once1_q, once2_q, once3_q, once4_q;  // single rounding
  logic [32*Lanes-1:0]    v1_q, v2_q, v3_q, v4_q, v5_q;
  logic [Lanes-1:0]       carry5_q;
`ifdef VERILATOR
  logic [64*Lanes-1:0]    product_q;

  // Sign extension in the form that clang knows: it does not see those that Verilator makes (tsr_dot).
  function automatic logic [63:0] wide(input logic [31:0] x);
    wide = ({32'd0, x} ^ 64'h8000_0000) - 64'h8000_0000;
  endfunction
`else
  logic [32*Lanes-1:0]    hh_q, ll_q;
  logic [33*Lanes-1:0]    hl_q, lh_q;

  // The product's bits 62 to 31, after adding 2^30 where it is rounded here.
  function automatic logic [31:0] high(input logic [31:0] hh, input logic [32:0] hl, input logic [32:0] lh,
                                       input logic [31:0] ll, input logic round);
    logic [47:0] mid;
    mid = {{15{hl[32]}}, hl} + {{15{lh[32]}}, lh};
    high = 32'(({hh, ll} + {mid, 16'd0} + {33'd0, round, 30'd0}) >> 31);
  endfunction
`endif

  // Whether x >> e is rounded up.
  function automatic logic carry(input logic [31:0] x, input logic [4:0] e, input logic once);
    logic [31:0] below, last;
    below = ~(32'hffff_ffff << e);
    last = below ^ {1'b0, below[31:1]};
    carry = (x & last) != 32'd0 && (once || !x[31] || (x & {1'b0, below[31:1]}) != 32'd0);
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) valid_q <= 5'd0;
    else valid_q <= {valid_q[4:1], valid_i};
  end

  // A process for each stage: Verilator can then order them so that no register needs a second copy.
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      rescale_q[1] <= rescale_i;
      imm1_q <= rescale_i ? imm_i : 16'd0;
      for (int unsigned c = 0; c < Channels; c++) begin
        if (rescale_i) mul1_q[32*c +: 32] <= par_i[96*c+32 +: 32];
        lsh1_q[5*c +: 5] <= rescale_i ? par_i[96*c+64 +: 5] : 5'd0;
        rsh1_q[5*c +: 5] <= rescale_i ? par_i[96*c+72 +: 5] : 5'd0;
        once1_q[c] <= par_i[96*c+80] && par_i[96*c+72 +: 5] != 5'd0;
      end
      for (int unsigned l = 0; l < Lanes; l++) begin
        v1_q[32*l +: 32] <= b_i[32*l +: 32] + (rescale_i ? par_i[96*(l%Channels) +: 32] : 32'd0);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      rescale_q[2] <= rescale_q[1];
      imm2_q <= imm1_q;
      mul2_q <= mul1_q;
      rsh2_q <= rsh1_q;
      once2_q <= once1_q;
      for (int unsigned l = 0; l < Lanes; l++) begin
        v2_q[32*l +: 32] <= v1_q[32*l +: 32] << lsh1_q[5*(l%Channels) +: 5];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      rescale_q[3] <= rescale_q[2];
      imm3_q <= imm2_q;
      rsh3_q <= rsh2_q;
      once3_q <= once2_q;
      if (rescale_q[2]) begin
        for (int unsigned l = 0; l < Lanes; l++) begin
`ifdef VERILATOR
          product_q[64*l +: 64] <= wide(v2_q[32*l +: 32]) * wide(mul2_q[32*(l%Channels) +: 32]);
`else
          hh_q[32*l +: 32] <= 32'(signed'(v2_q[32*l+16 +: 16])) * 32'(signed'(mul2_q[32*(l%Channels)+16 +: 16]));
          hl_q[33*l +: 33] <= 33'(signed'(v2_q[32*l+16 +: 16])) * 33'(signed'({1'b0, mul2_q[32*(l%Channels) +: 16]}));
          lh_q[33*l +: 33] <= 33'(signed'({1'b0, v2_q[32*l +: 16]})) * 33'(signed'(mul2_q[32*(l%Channels)+16 +: 16]));
          ll_q[32*l +: 32] <= {16'd0, v2_q[32*l +: 16]} * {16'd0, mul2_q[32*(l%Channels) +: 16]};
`endif
        end
      end else begin
        v3_q <= v2_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      imm4_q <= imm3_q;
      rsh4_q <= rsh3_q;
      once4_q <= once3_q;
      if (rescale_q[3]) begin
        for (int unsigned l = 0; l < Lanes; l++) begin
`ifdef VERILATOR
          v4_q[32*l +: 32] <= 32'((product_q[64*l +: 64] + {33'd0, !once3_q[l%Channels], 30'd0}) >> 31);
`else
          v4_q[32*l +: 32] <= high(hh_q[32*l +: 32], hl_q[33*l +: 33], lh_q[33*l +: 33], ll_q[32*l +: 32],
                                    !once3_q[l%Channels]);
`endif
        end
      end else begin
        v4_q <= v3_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[4]) begin
      imm5_q <= imm4_q;
      for (int unsigned l = 0; l < Lanes; l++) begin
        v5_q[32*l +: 32] <= 32'(signed'(v4_q[32*l +: 32]) >>> rsh4_q[5*(l%Channels) +: 5]);
        carry5_q[l] <= carry(v4_q[32*l +: 32], rsh4_q[5*(l%Channels) +: 5], once4_q[l%Channels]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[5]) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        t_o[32*l +: 32] <= v5_q[32*l +: 32] + {{16{imm5_q[15]}}, imm5_q} + {31'd0, carry5_q[l]};
      end
    end
  end

endmodule
