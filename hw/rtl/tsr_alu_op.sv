// SPDX-License-Identifier: Apache-2.0
// The ALU's operation on a vector, r = clip(a op t), lane by lane, in two stages.
//
//     op_i, ... --> register --> register ---------+
//                     |                            |
//     t_i ----------> MUL, SHL, SHR, or t --> m2 --+--> ADD, SUB, MIN, MAX, or m2 --> clamp --> register --> r_o
//     a_i, or r_o -->  |                 --> a2 ---+                                               |
//                                            or r_o <----------------------------------------------+
//
// Latency: two clocks, en1_i to r_o. en0_i comes one clock before en1_i, en2_i one clock behind it; registers change only with
// the enable of their stage.
//
// 1. Operations of tsr_isa_pkg::Alu*, on 32-bit lanes, wrapping; MUL takes the low 16 bits of both, signed; SHL and SHR
//    take the low five bits of t, SHR keeps the sign; MIN, MAX and the clamp compare signed.
// 2. clip_i = 1: the result is clamped to lo_i .. hi_i (16 bits, signed, lo <= hi).
// 3. forward1_i comes with en0_i, forward2_i with en1_i: in the clock after, r_o as it is then takes the place of a, in the first
//    or in the second stage. So ADD, SUB, MIN and MAX can use the result of the vector just before, MUL, SHL and SHR that of the
//    one before it: for them forward2_i means nothing.
//
// Two forms: for hardware each lane is a tsr_alu_lane, whose parts work side by side; in Verilator an operation is one loop over
// the lanes, which becomes vector instructions.
module tsr_alu_op #(
  parameter int unsigned Lanes = tsr_cfg_pkg::Batch * tsr_cfg_pkg::BlockOut
) (
  input  logic                clk_i,

  input  logic                en0_i,
  input  logic [3:0]          op_i,
  input  logic                clip_i,
  input  logic [15:0]         lo_i,
  input  logic [15:0]         hi_i,
  input  logic                forward1_i,

  input  logic                en1_i,
  input  logic [32*Lanes-1:0] a_i,
  input  logic [32*Lanes-1:0] t_i,

  input  logic                forward2_i,

  input  logic                en2_i,
  output logic [32*Lanes-1:0] r_o
);

  logic        clip1_q, clip2_q, forward1_q, forward2_q;
  logic [15:0] lo1_q, lo2_q, hi1_q, hi2_q;

  always_ff @(posedge clk_i) begin
    if (en0_i) begin
      clip1_q <= clip_i;
      lo1_q <= lo_i;
      hi1_q <= hi_i;
      forward1_q <= forward1_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en1_i) begin
      clip2_q <= clip1_q;
      lo2_q <= lo1_q;
      hi2_q <= hi1_q;
    end
  end

`ifdef VERILATOR
  logic [3:0]          op1_q, op2_q;
  logic [32*Lanes-1:0] a2_q, m2_q, a2, r;

  always_ff @(posedge clk_i) if (en0_i) op1_q <= op_i;

  always_ff @(posedge clk_i) begin
    if (en1_i) begin
      op2_q <= op1_q;
      forward2_q <= forward2_i;
    end
  end

  function automatic logic [31:0] first(input logic [3:0] op, input logic [31:0] a, input logic [15:0] t);
    case (op)
      tsr_isa_pkg::AluMul: first = 32'(signed'(a[15:0])) * 32'(signed'(t));
      tsr_isa_pkg::AluShl: first = a << t[4:0];
      default: first = 32'(signed'(a) >>> t[4:0]);
    endcase
  endfunction

  function automatic logic [31:0] second(input logic [3:0] op, input logic [31:0] a, input logic [31:0] m);
    case (op)
      tsr_isa_pkg::AluAdd: second = a + m;
      tsr_isa_pkg::AluSub: second = a - m;
      tsr_isa_pkg::AluMin: second = signed'(a) < signed'(m) ? a : m;
      default: second = signed'(a) > signed'(m) ? a : m;
    endcase
  endfunction

  function automatic logic [31:0] clamp(input logic [31:0] x, input logic [31:0] lo, input logic [31:0] hi);
    clamp = signed'(x) < signed'(lo) ? lo : (signed'(x) > signed'(hi) ? hi : x);
  endfunction

  always_ff @(posedge clk_i) begin
    if (en1_i) begin
      if (op1_q == tsr_isa_pkg::AluMul || op1_q == tsr_isa_pkg::AluShl || op1_q == tsr_isa_pkg::AluShr) begin
        if (forward1_q)
          for (int unsigned l = 0; l < Lanes; l++) m2_q[32*l +: 32] <= first(op1_q, r_o[32*l +: 32], t_i[32*l +: 16]);
        else
          for (int unsigned l = 0; l < Lanes; l++) m2_q[32*l +: 32] <= first(op1_q, a_i[32*l +: 32], t_i[32*l +: 16]);
      end else begin
        m2_q <= t_i;
        if (op1_q != tsr_isa_pkg::AluMov) a2_q <= forward1_q ? r_o : a_i;
      end
    end
  end

  always_comb begin
    a2 = '0;
    r = '0;
    if (en2_i) begin
      if (op2_q == tsr_isa_pkg::AluAdd || op2_q == tsr_isa_pkg::AluSub || op2_q == tsr_isa_pkg::AluMin ||
          op2_q == tsr_isa_pkg::AluMax) begin
        a2 = forward2_q ? r_o : a2_q;
        for (int unsigned l = 0; l < Lanes; l++) r[32*l +: 32] = second(op2_q, a2[32*l +: 32], m2_q[32*l +: 32]);
      end else begin
        r = m2_q;
      end
      if (clip2_q) begin
        for (int unsigned l = 0; l < Lanes; l++) begin
          r[32*l +: 32] = clamp(r[32*l +: 32], {{16{lo2_q[15]}}, lo2_q}, {{16{hi2_q[15]}}, hi2_q});
        end
      end
    end
  end

  always_ff @(posedge clk_i) if (en2_i) r_o <= r;
`else
  logic multiply1_q, shift1_q, left1_q, subtract1_q, add1_q, select1_q, min1_q, max1_q, min2_q, max2_q;

  always_ff @(posedge clk_i) begin
    if (en0_i) begin
      multiply1_q <= op_i == tsr_isa_pkg::AluMul;
      shift1_q <= op_i == tsr_isa_pkg::AluShl || op_i == tsr_isa_pkg::AluShr;
      left1_q <= op_i == tsr_isa_pkg::AluShl;
      subtract1_q <= op_i == tsr_isa_pkg::AluSub;
      add1_q <= op_i == tsr_isa_pkg::AluAdd || op_i == tsr_isa_pkg::AluSub;
      select1_q <= op_i == tsr_isa_pkg::AluMin || op_i == tsr_isa_pkg::AluMax;
      min1_q <= op_i == tsr_isa_pkg::AluMin;
      max1_q <= op_i == tsr_isa_pkg::AluMax;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en1_i) begin
      min2_q <= min1_q;
      max2_q <= max1_q;
      forward2_q <= forward2_i && (add1_q || select1_q);
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    tsr_alu_lane u_lane (
      .clk_i       (clk_i),
      .en1_i       (en1_i),
      .forward1_i  (forward1_q),
      .multiply1_i (multiply1_q),
      .shift1_i    (shift1_q),
      .left1_i     (left1_q),
      .subtract1_i (subtract1_q),
      .add1_i      (add1_q),
      .select1_i   (select1_q),
      .clip1_i     (clip1_q),
      .lo1_i       (lo1_q),
      .hi1_i       (hi1_q),
      .a_i         (a_i[32*l +: 32]),
      .t_i         (t_i[32*l +: 32]),
      .en2_i       (en2_i),
      .forward2_i  (forward2_q),
      .min2_i      (min2_q),
      .max2_i      (max2_q),
      .clip2_i     (clip2_q),
      .lo2_i       (lo2_q),
      .hi2_i       (hi2_q),
      .r_o         (r_o[32*l +: 32])
    );
  end
`endif

endmodule
