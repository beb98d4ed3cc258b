// SPDX-License-Identifier: Apache-2.0
//
// tsr_cut - cuts regions of DRAM twice: into bursts for the address channel, and into bus words for the data channel.
//
//   region_* --+--> tsr_burst -------------------> burst_*
//              |
//              +--> region FIFO --> tsr_chunks --> word_*    (the bytes of each bus word that belong to the region)
//
// Rules
// 1. Regions are cut in order. One is taken while up to Regions before it have words left. If Regions is 1, it comes only while
//    nothing of one before is left.
// 2. region_last_i comes back as burst_last_o with the region's last burst, region_user_i as word_user_o with each of its words.

module tsr_cut #(
    parameter int unsigned MaxBeats = tsr_cfg_pkg::BurstBeats,
    parameter int unsigned Regions = 32,
    parameter int unsigned UserW = 1,
    parameter int unsigned OffW = $clog2(tsr_cfg_pkg::BusBytes),
    parameter int unsigned LenW = OffW + 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             region_valid_i,
    input  logic [63:0]      region_addr_i,
    input  logic [31:0]      region_bytes_i,
    input  logic             region_last_i,
    input  logic [UserW-1:0] region_user_i,
    output logic             region_ready_o,
    output logic             burst_valid_o,
    output logic [63:0]      burst_addr_o,
    output logic [8:0]       burst_beats_o,
    output logic             burst_last_o,
    input  logic             burst_ready_i,
    output logic             word_valid_o,
    output logic [OffW-1:0]  word_offset_o,
    output logic [LenW-1:0]  word_bytes_o,
    output logic [UserW-1:0] word_user_o,
    input  logic             word_ready_i
);
  logic             burst_ready, words_ready, burst_ends, burst_last, run_valid, run_ready, word_last;
  logic [OffW-1:0]  run_offset;
  logic [31:0]      run_bytes;
  logic [UserW-1:0] run_user;

  assign region_ready_o = burst_ready && words_ready;
  assign burst_last_o   = burst_ends && burst_last;

  tsr_burst #(
      .BusBytes(tsr_cfg_pkg::BusBytes),
      .MaxBeats(MaxBeats)
  ) u_burst (
      .clk_i,
      .rst_ni,
      .region_valid_i(region_valid_i && words_ready),
      .region_addr_i,
      .region_bytes_i,
      .region_user_i (region_last_i),
      .region_ready_o(burst_ready),
      .burst_valid_o,
      .burst_addr_o,
      .burst_beats_o,
      .burst_last_o  (burst_ends),
      .burst_user_o  (burst_last),
      .burst_ready_i
  );

  // Who has one region a run, as fetch, needs no queue of them, and neither half waits for the other.
  if (Regions == 1) begin : g_region
    assign words_ready = 1'b1;
    assign run_valid   = region_valid_i;
    assign run_offset  = region_addr_i[OffW-1:0];
    assign run_bytes   = region_bytes_i;
    assign run_user    = region_user_i;
  end else begin : g_regions
    tsr_fifo #(
        .Width(OffW + 32 + UserW),
        .Depth(Regions)
    ) u_regions (
        .clk_i,
        .rst_ni,
        .valid_i(region_valid_i && burst_ready),
        .data_i ({region_addr_i[OffW-1:0], region_bytes_i, region_user_i}),
        .ready_o(words_ready),
        .valid_o(run_valid),
        .data_o ({run_offset, run_bytes, run_user}),
        .ready_i(run_ready)
    );
  end

  tsr_chunks #(
      .Size  (tsr_cfg_pkg::BusBytes),
      .CountW(32)
  ) u_words (
      .clk_i,
      .rst_ni,
      .run_valid_i (run_valid),
      .run_offset_i(run_offset),
      .run_count_i (run_bytes),
      .run_ready_o (run_ready),
      .valid_o     (word_valid_o),
      .offset_o    (word_offset_o),
      .length_o    (word_bytes_o),
      .last_o      (word_last),
      .ready_i     (word_ready_i)
  );

  always_ff @(posedge clk_i) if (run_valid && run_ready) word_user_o <= run_user;

  logic unused_bits;
  assign unused_bits = word_last;
endmodule
