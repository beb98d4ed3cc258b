// SPDX-License-Identifier: Apache-2.0
// The ALU's operation on a vector: r = clip(a op t), lane by lane.
//
//     op_i, clip_i, lo_i, hi_i --> +----+
//     a_i, t_i ------------------> | op | --> clamp --> r_o
//                                  +----+
//
// Latency: none, combinational; en_i = 0 keeps it quiet with result 0.
//
// 1. Operations of tsr_isa_pkg::Alu*, on 32-bit lanes, wrapping; MUL takes the low 16 bits of both, signed; SHL and SHR
//    take the low five bits of t, SHR keeps the sign; MIN, MAX and the clamp compare signed.
// 2. clip_i = 1: the result is clamped to lo_i .. hi_i (16 bits, signed, lo <= hi).
module tsr_alu_op #(
  parameter int unsigned Lanes = tsr_cfg_pkg::Batch * tsr_cfg_pkg::BlockOut
) (
  input  logic                en_i,
  input  logic [3:0]          op_i,
  input  logic                clip_i,
  input  logic [15:0]         lo_i,
  input  logic [15:0]         hi_i,
  input  logic [32*Lanes-1:0] a_i,
  input  logic [32*Lanes-1:0] t_i,
  output logic [32*Lanes-1:0] r_o
);

  function automatic logic [31:0] operate(input logic [3:0] op, input logic [31:0] a, input logic [31:0] t);
    operate = t;
    case (op)
      tsr_isa_pkg::AluAdd: operate = a + t;
      tsr_isa_pkg::AluSub: operate = a - t;
      tsr_isa_pkg::AluMul: operate = 32'(signed'(a[15:0])) * 32'(signed'(t[15:0]));
      tsr_isa_pkg::AluMin: operate = signed'(a) < signed'(t) ? a : t;
      tsr_isa_pkg::AluMax: operate = signed'(a) > signed'(t) ? a : t;
      tsr_isa_pkg::AluShl: operate = a << t[4:0];
      tsr_isa_pkg::AluShr: operate = 32'(signed'(a) >>> t[4:0]);
      default: operate = t;
    endcase
  endfunction

  function automatic logic [31:0] clamp(input logic [31:0] x, input logic [31:0] lo, input logic [31:0] hi);
    clamp = signed'(x) < signed'(lo) ? lo : (signed'(x) > signed'(hi) ? hi : x);
  endfunction

  always_comb begin
    r_o = '0;
    if (en_i) begin
      for (int unsigned l = 0; l < Lanes; l++) r_o[32*l +: 32] = operate(op_i, a_i[32*l +: 32], t_i[32*l +: 32]);
      if (clip_i) begin
        for (int unsigned l = 0; l < Lanes; l++) begin
          r_o[32*l +: 32] = clamp(r_o[32*l +: 32], {{16{lo_i[15]}}, lo_i}, {{16{hi_i[15]}}, hi_i});
        end
      end
    end
  end

endmodule
