// SPDX-License-Identifier: Apache-2.0
//
// tsr_regions - the regions of DRAM that an access of LOAD or STORE is made of, one a cycle.
//
//               +---------------------------------------------+
//  take_i     ->|  base_q, row_q, cur_q   where it is         |-> valid_o
//  base_i, .. ->|  x_q, y_q               which one it is     |-> addr_o, bytes_o, last_o
//               +---------------------------------------------+<- ready_i
//
// Rules
// 1. The access begins with take_i, while no region of the one before is left; if moves_i is 0 it has none.
// 2. It is y_count_i rows of x_count_i runs of run_i bytes; row y begins y * y_stride_i behind dram_offset_i, run x of it another
//    x * x_stride_i behind that, modulo 2^32. A region is a run; or a row of row_span_i bytes, if merge_x_i; or all of it, span_i
//    bytes, if merge_all_i. They come row by row, and last_o is with the last one.
// 3. A region is stable until taken, and the next one follows in the cycle after.

module tsr_regions (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        take_i,
    input  logic        moves_i,          // there is a byte in it
    input  logic [63:0] base_i,           // of the segment
    input  logic [31:0] dram_offset_i,
    input  logic [15:0] run_i,
    input  logic [15:0] x_count_i,
    input  logic [15:0] y_count_i,
    input  logic [23:0] x_stride_i,
    input  logic [31:0] y_stride_i,
    input  logic        merge_x_i,
    input  logic        merge_all_i,      // with merge_x_i
    input  logic [31:0] row_span_i,
    input  logic [31:0] span_i,
    output logic        valid_o,
    output logic [63:0] addr_o,
    output logic [31:0] bytes_o,
    output logic        last_o,
    input  logic        ready_i
);
  logic        valid_q, step, last_x, last_y;
  logic [63:0] base_q;
  logic [31:0] row_q, cur_q, bytes_q, y_stride_q;   // row_q: where this row begins, cur_q: this region, both behind base_q
  logic [23:0] x_stride_q;
  logic [15:0] x_q, y_q, x_count_q, y_count_q;      // from 1

  assign valid_o = valid_q;
  assign addr_o  = base_q + 64'(cur_q);
  assign bytes_o = bytes_q;
  assign last_x  = x_q == x_count_q;
  assign last_y  = y_q == y_count_q;
  assign last_o  = last_x && last_y;
  assign step    = valid_q && ready_i;

  always_ff @(posedge clk_i) begin
    if (take_i)    valid_q <= moves_i;
    else if (step) valid_q <= !last_o;
    if (!rst_ni)   valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      if (!last_x) begin
        cur_q <= cur_q + 32'(x_stride_q);
        x_q   <= x_q + 16'd1;
      end else begin
        cur_q <= row_q + y_stride_q;
        row_q <= row_q + y_stride_q;
        x_q   <= 16'd1;
        y_q   <= y_q + 16'd1;
      end
    end
    if (take_i) begin
      base_q     <= base_i;
      row_q      <= dram_offset_i;
      cur_q      <= dram_offset_i;
      y_stride_q <= y_stride_i;
      x_stride_q <= x_stride_i;
      bytes_q    <= merge_all_i ? span_i : merge_x_i ? row_span_i : 32'(run_i);
      x_count_q  <= merge_x_i ? 16'd1 : x_count_i;
      y_count_q  <= merge_all_i ? 16'd1 : y_count_i;
      x_q        <= 16'd1;
      y_q        <= 16'd1;
    end
  end
endmodule
