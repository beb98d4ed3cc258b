// SPDX-License-Identifier: Apache-2.0
// One lane of tsr_alu_op, as hardware is to have it: ports, rules and latency as there, operations decoded.
//
//     t_i --> clamp ------------------------------> limit --> MIN, MAX: less?  -----+
//     t_i --> or -t, MUL, SHL, SHR; 0 for MIN, MAX --> m --+                        v
//     a_i, r_o --> 0 for MOV, MUL, SHL, SHR ---------> a --+--> + --> in lo..hi? --> select --> r_o
//                                                   r_o ---+
//
// 1. Everything goes through the adder, since r_o is wanted again in the next clock: what is not a sum has 0 as one operand.
// 2. clip(max(a, t)) = max(clip(a), clip(t)), and so for min. So t is clamped in the first stage, and a and t are compared in the
//    second one while a is compared with the limits.
// 3. A chain of carries or a multiplier is a module of its own, so that the logic in front of it becomes one level.
module tsr_alu_lane (
  input  logic        clk_i,

  input  logic        en1_i,
  input  logic        forward1_i,
  input  logic        multiply1_i,
  input  logic        shift1_i,
  input  logic        left1_i,
  input  logic        subtract1_i,
  input  logic        select1_i,     // MIN, MAX
  input  logic        add1_i,        // ADD, SUB
  input  logic        clip1_i,
  input  logic [15:0] lo1_i,
  input  logic [15:0] hi1_i,
  input  logic [31:0] a_i,
  input  logic [31:0] t_i,

  input  logic        en2_i,
  input  logic        forward2_i,    // only with ADD, SUB, MIN, MAX
  input  logic        min2_i,
  input  logic        max2_i,
  input  logic        clip2_i,
  input  logic [15:0] lo2_i,
  input  logic [15:0] hi2_i,
  output logic [31:0] r_o
);

  logic [31:0] a1, product, shifted, minus, clamped, a2_q, m2_q, limit2_q, sum, x2, r;
  logic        below1, above1, below2, above2, less, other;

  // First stage.
  assign a1 = forward1_i ? r_o : a_i;
  assign product = 32'(signed'(a1[15:0])) * 32'(signed'(t_i[15:0]));
  tsr_alu_shift u_shift (
    .left_i    (left1_i),
    .forward_i (forward1_i),
    .x_i       (a_i),
    .r_i       (r_o),
    .by_i      (t_i[4:0]),
    .shifted_o (shifted)
  );
  tsr_alu_add u_minus (
    .inverse_i (subtract1_i),
    .forward_i (1'b0),
    .x_i       (t_i),
    .r_i       (32'd0),
    .y_i       ({31'd0, subtract1_i}),
    .sum_o     (minus)
  );
  tsr_alu_range u_range1 (
    .clip_i  (clip1_i),
    .x_i     (t_i),
    .lo_i    (lo1_i),
    .hi_i    (hi1_i),
    .below_o (below1),
    .above_o (above1)
  );
  assign clamped = below1 ? {{16{lo1_i[15]}}, lo1_i} : (above1 ? {{16{hi1_i[15]}}, hi1_i} : t_i);

  always_ff @(posedge clk_i) begin
    if (en1_i) begin
      a2_q <= add1_i || select1_i ? a1 : 32'd0;
      m2_q <= select1_i ? 32'd0 : (multiply1_i ? product : (shift1_i ? shifted : minus));
      limit2_q <= clamped;
    end
  end

  // Second stage.
  tsr_alu_add u_add (
    .inverse_i (1'b0),
    .forward_i (forward2_i),
    .x_i       (a2_q),
    .r_i       (r_o),
    .y_i       (m2_q),
    .sum_o     (sum)
  );
  tsr_alu_less u_less (
    .forward_i (forward2_i),
    .x_i       (a2_q),
    .r_i       (r_o),
    .y_i       (limit2_q),
    .less_o    (less)
  );
  tsr_alu_range u_range2 (
    .clip_i  (clip2_i),
    .x_i     (sum),
    .lo_i    (lo2_i),
    .hi_i    (hi2_i),
    .below_o (below2),
    .above_o (above2)
  );

  assign other = less ? max2_i : min2_i;
  assign x2 = other ? limit2_q : sum;
  tsr_alu_clamp u_clamp (
    .other_i (other),
    .below_i (below2),
    .above_i (above2),
    .lo_i    (lo2_i),
    .hi_i    (hi2_i),
    .x_i     (x2),
    .r_o     (r)
  );

  always_ff @(posedge clk_i) if (en2_i) r_o <= r;

endmodule
