// SPDX-License-Identifier: Apache-2.0
// Two-level loop over a range of micro-ops, with the three index offsets that the loops add.
//
//     start_i, fields --> +------------------------------+ --> valid_o, uop_o, last_o
//     step_i -----------> | i0 (outer), i1 (inner), uop  | --> dst_off_o, src_off_o, par_off_o
//                         +------------------------------+
//
// Latency: the first step is valid in the cycle after start_i, the next one in the cycle after each step_i.
//
// 1. Order: for i0 < count0, for i1 < count1, for uop in [begin, begin + count). All counts are at least 1.
// 2. An offset is i0 * step0 + i1 * step1 modulo 2^16, built by addition alone.
// 3. last_o marks the last step; step_i on it makes valid_o fall unless start_i comes in the same cycle.
// 4. step_i only while valid_o; start_i only while valid_o is low or together with step_i on the last step.
module tsr_loop (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        flush_i,

  input  logic        start_i,
  input  logic [15:0] uop_begin_i,
  input  logic [15:0] uop_count_i,
  input  logic [15:0] count0_i,
  input  logic [15:0] count1_i,
  input  logic [15:0] dst0_i,
  input  logic [15:0] dst1_i,
  input  logic [15:0] src0_i,
  input  logic [15:0] src1_i,
  input  logic [15:0] par0_i,
  input  logic [15:0] par1_i,

  input  logic        step_i,
  output logic        valid_o,
  output logic        last_o,
  output logic [15:0] uop_o,
  output logic [15:0] dst_off_o,
  output logic [15:0] src_off_o,
  output logic [15:0] par_off_o
);

  logic        valid_q;
  logic [15:0] begin_q, uop_q;
  logic [15:0] uop_left_q, uop_reload_q;  // steps from this one on, and their number in a whole range
  logic [15:0] left1_q, reload1_q, left0_q;
  logic        uop_end_q, end1_q, end0_q;       // the three counts of steps left are 1: known a cycle ahead
  logic        uop_one_q, one1_q;               // so are the two that are loaded again
  logic [15:0] dst0_q, dst1_q, src0_q, src1_q, par0_q, par1_q;
  logic [15:0] dst_q, src_q, par_q;                 // offsets of this step
  logic [15:0] dst_row_q, src_row_q, par_row_q;     // offsets of this outer step

  assign valid_o = valid_q;
  assign uop_o = uop_q;
  assign dst_off_o = dst_q;
  assign src_off_o = src_q;
  assign par_off_o = par_q;
  assign last_o = uop_end_q && end1_q && end0_q;

  // A start stands behind the step that it replaces.
  always_ff @(posedge clk_i) begin
    if (step_i) begin
      if (last_o) valid_q <= 1'b0;
      if (!uop_end_q) begin
        uop_q <= uop_q + 16'd1;
        uop_end_q <= uop_left_q == 16'd2;
        uop_left_q <= uop_left_q - 16'd1;
      end else begin
        uop_q <= begin_q;
        if (!end1_q) begin
          dst_q <= dst_q + dst1_q;
          src_q <= src_q + src1_q;
          par_q <= par_q + par1_q;
          end1_q <= left1_q == 16'd2;
          left1_q <= left1_q - 16'd1;
        end else begin
          dst_q <= dst_row_q + dst0_q;
          src_q <= src_row_q + src0_q;
          par_q <= par_row_q + par0_q;
          dst_row_q <= dst_row_q + dst0_q;
          src_row_q <= src_row_q + src0_q;
          par_row_q <= par_row_q + par0_q;
          end0_q <= left0_q == 16'd2;
          left0_q <= left0_q - 16'd1;
          end1_q <= one1_q;
          left1_q <= reload1_q;
        end
        uop_end_q <= uop_one_q;
        uop_left_q <= uop_reload_q;
      end
    end
    if (start_i) begin
      valid_q <= 1'b1;
      begin_q <= uop_begin_i;
      uop_q <= uop_begin_i;
      uop_left_q <= uop_count_i;
      uop_reload_q <= uop_count_i;
      left1_q <= count1_i;
      reload1_q <= count1_i;
      left0_q <= count0_i;
      uop_end_q <= uop_count_i == 16'd1;
      uop_one_q <= uop_count_i == 16'd1;
      end1_q <= count1_i == 16'd1;
      one1_q <= count1_i == 16'd1;
      end0_q <= count0_i == 16'd1;
      dst0_q <= dst0_i;
      dst1_q <= dst1_i;
      src0_q <= src0_i;
      src1_q <= src1_i;
      par0_q <= par0_i;
      par1_q <= par1_i;
      dst_q <= 16'd0;
      src_q <= 16'd0;
      par_q <= 16'd0;
      dst_row_q <= 16'd0;
      src_row_q <= 16'd0;
      par_row_q <= 16'd0;
    end
    if (!rst_ni || flush_i) valid_q <= 1'b0;
  end

endmodule
