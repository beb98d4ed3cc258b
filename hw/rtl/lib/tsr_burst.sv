// SPDX-License-Identifier: Apache-2.0
//
// tsr_burst - cuts a contiguous region of bytes into legal AXI4 bursts. The only place that knows the 4 KiB rule.
//
//                   +-----------------------------------------------------+
//  region_valid_i ->|  word_q, words_q --> tsr_chunks: cut at multiples   |-> burst_valid_o
//  region_addr_i  ->|  bus words of the    of MaxBeats words              |-> burst_addr_o (bus aligned)
//  region_bytes_i ->|  region              addr_q: where this burst is    |-> burst_beats_o
//  region_user_i  ->|                                                     |-> burst_last_o, burst_user_o
//  region_ready_o <-|                                                     |<- burst_ready_i
//                   +-----------------------------------------------------+
//
// Rules
// 1. A region is the bytes [addr, addr + bytes), bytes >= 1, at any alignment; its bursts cover every bus word it touches, once.
// 2. No burst crosses a multiple of MaxBeats bus words, so none is longer, and since these divide 4 KiB none crosses that either.
// 3. One burst every cycle, also across regions; burst_last_o marks the last burst of a region.
// 4. What is offered comes from registers, two cycles after the region was taken. MaxBeats is a power of two, at least 2.

module tsr_burst #(
    parameter int unsigned BusBytes = 8,
    parameter int unsigned MaxBeats = 64
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        region_valid_i,
    input  logic [63:0] region_addr_i,
    input  logic [31:0] region_bytes_i,
    input  logic        region_user_i,
    output logic        region_ready_o,
    output logic        burst_valid_o,
    output logic [63:0] burst_addr_o,
    output logic [8:0]  burst_beats_o,
    output logic        burst_last_o,
    output logic        burst_user_o,
    input  logic        burst_ready_i
);
  localparam int unsigned OffW   = $clog2(BusBytes);
  localparam int unsigned WordW  = 64 - OffW;
  localparam int unsigned CountW = 33 - OffW;
  localparam int unsigned BeatW  = $clog2(MaxBeats);

  logic              valid_q, user_q, burst_user_q, cut_ready;
  logic [WordW-1:0]  word_q;
  logic [CountW-1:0] words_q;
  logic [WordW-BeatW-1:0] block_q;     // which multiple of MaxBeats words the burst is in
  logic [BeatW-1:0]  first;
  logic [BeatW:0]    beats;
  logic [OffW-1:0]   offset, offset_less1;
  logic [32:0]       region_end;

  assign region_ready_o = !valid_q || cut_ready;

  // Bus words touched: (offset in the first word + bytes, rounded up) / BusBytes. In offset + BusBytes - 1 nothing carries far.
  assign offset       = region_addr_i[OffW-1:0];
  assign offset_less1 = offset - OffW'(1);
  assign region_end   = 33'(region_bytes_i) + 33'({offset != '0, offset_less1});

  always_ff @(posedge clk_i) begin
    if (region_ready_o) valid_q <= region_valid_i;
    if (!rst_ni)        valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (region_valid_i && region_ready_o) begin
      user_q  <= region_user_i;
      word_q  <= region_addr_i[63:OffW];
      words_q <= region_end[32:OffW];
    end
  end

  tsr_chunks #(
      .Size  (MaxBeats),
      .CountW(CountW)
  ) u_cut (
      .clk_i,
      .rst_ni,
      .run_valid_i (valid_q),
      .run_offset_i(word_q[BeatW-1:0]),
      .run_count_i (words_q),
      .run_ready_o (cut_ready),
      .valid_o     (burst_valid_o),
      .offset_o    (first),
      .length_o    (beats),
      .last_o      (burst_last_o),
      .ready_i     (burst_ready_i)
  );

  always_ff @(posedge clk_i) begin
    if (cut_ready) begin
      if (valid_q) begin
        block_q      <= word_q[WordW-1:BeatW];
        burst_user_q <= user_q;
      end
    end else if (burst_ready_i) begin
      block_q <= block_q + (WordW-BeatW)'(1);
    end
  end

  assign burst_addr_o  = {block_q, first, OffW'(0)};
  assign burst_beats_o = 9'(beats);
  assign burst_user_o  = burst_user_q;

  logic unused_bits;
  assign unused_bits = ^{region_end[OffW-1:0]};
endmodule
