// SPDX-License-Identifier: Apache-2.0
//
// tsr_burst - cuts a contiguous region of bytes into legal AXI4 bursts. The only place that knows the 4 KiB rule.
//
//                   +----------------------------------------------+
//  region_valid_i ->|  word_q   next bus word of the region        |-> burst_valid_o
//  region_addr_i  ->|  beats_q  bus words left                     |-> burst_addr_o (bus aligned)
//  region_bytes_i ->|  beats = min(beats_q, MaxBeats, up to 4 KiB) |-> burst_beats_o
//  region_user_i  ->|                                              |-> burst_last_o, burst_user_o
//  region_ready_o <-|                                              |<- burst_ready_i
//                   +----------------------------------------------+
//
// Rules
// 1. A region is the bytes [addr, addr + bytes), bytes >= 1, at any alignment; its bursts cover every bus word it touches, once.
// 2. No burst crosses a 4 KiB boundary or is longer than MaxBeats.
// 3. One burst every cycle, also across regions; burst_last_o marks the last burst of a region.

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
  localparam int unsigned OffW  = $clog2(BusBytes);
  localparam int unsigned WordW = 64 - OffW;
  localparam int unsigned PageW = 12 - OffW;          // log2 of the bus words in 4 KiB
  localparam int unsigned CntW  = 33 - OffW;

  logic             valid_q, user_q;
  logic [WordW-1:0] word_q;
  logic [CntW-1:0]  beats_q;

  logic [9:0]      page_left;    // up to 512 words of 8 bytes
  logic [9:0]      limit;
  logic [32:0]     region_end;
  logic            fire;

  assign page_left  = 10'(1 << PageW) - 10'(word_q[PageW-1:0]);
  assign limit      = (page_left < 10'(MaxBeats)) ? page_left : 10'(MaxBeats);
  assign burst_last_o = beats_q <= CntW'(limit);

  assign burst_valid_o = valid_q;
  assign burst_addr_o  = {word_q, OffW'(0)};
  assign burst_beats_o = burst_last_o ? beats_q[8:0] : limit[8:0];
  assign burst_user_o  = user_q;

  assign fire           = valid_q && burst_ready_i;
  assign region_ready_o = !valid_q || (fire && burst_last_o);

  // Bus words touched: (offset in the first word + bytes, rounded up) / BusBytes.
  assign region_end = 33'(region_addr_i[OffW-1:0]) + 33'(region_bytes_i) + 33'(BusBytes - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      user_q  <= 1'b0;
      word_q  <= '0;
      beats_q <= '0;
    end else if (region_valid_i && region_ready_o) begin
      valid_q <= 1'b1;
      user_q  <= region_user_i;
      word_q  <= region_addr_i[63:OffW];
      beats_q <= region_end[32:OffW];
    end else if (fire) begin
      valid_q <= !burst_last_o;
      word_q  <= word_q + WordW'(limit);
      beats_q <= beats_q - CntW'(limit);
    end
  end

  logic unused_bits;
  assign unused_bits = ^{region_end[OffW-1:0]};
endmodule
