// SPDX-License-Identifier: Apache-2.0
//
// tsr_reader - reads regions of DRAM as one stream of bytes: what fetch and LOAD have in common.
//
//   region_* --> tsr_cut --(room for a burst)--> req_* (read arbiter)
//                   |
//                   | bytes of each bus word that belong to the region
//                   v
//   r_* --> data FIFO --> word_* --> tsr_realign --> out_*
//
// Rules
// 1. Regions are read in order; a new one is taken while up to Regions before it are on their way (tsr_cut, rule 1).
// 2. A burst is requested only when the data FIFO has room for a longest one; bursts that are asked for count as words in it.
// 3. word_taken_o: a bus word left the data FIFO; word_bytes_o of it belong to the region with word_user_o, word_error_o says
//    that the bus reported an error for it.

module tsr_reader #(
    parameter int unsigned MaxBeats = 64,
    parameter int unsigned FifoWords = 256,
    parameter int unsigned Regions = 32,
    parameter int unsigned UserW = 32,
    parameter int unsigned OffW = $clog2(tsr_cfg_pkg::BusBytes),
    parameter int unsigned LenW = OffW + 1
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             region_valid_i,
    input  logic [63:0]                      region_addr_i,
    input  logic [31:0]                      region_bytes_i,
    input  logic [UserW-1:0]                 region_user_i,
    output logic                             region_ready_o,

    output logic                             req_valid_o,
    output logic [63:0]                      req_addr_o,
    output logic [8:0]                       req_beats_o,
    input  logic                             req_ready_i,
    input  logic                             r_valid_i,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] r_data_i,
    input  logic                             r_error_i,

    output logic                             word_taken_o,
    output logic                             word_error_o,
    output logic [LenW-1:0]                  word_bytes_o,
    output logic [UserW-1:0]                 word_user_o,

    input  logic [OffW-1:0]                  out_offset_i,
    input  logic [LenW-1:0]                  out_length_i,
    output logic                             out_valid_o,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] out_data_o,
    output logic [tsr_cfg_pkg::BusBytes-1:0] out_strb_o,
    input  logic                             out_ready_i
);
  localparam int unsigned BusBytes = tsr_cfg_pkg::BusBytes;
  localparam int unsigned FreeW    = $clog2(FifoWords) + 1;

  // ---- bursts, as many as there is room for ---------------------------------------------------------------------------
  logic             burst_valid, burst_last, request, chunk_valid;
  logic             room_q;
  logic [FreeW-1:0] free_q, less;
  logic [OffW-1:0]  chunk_offset;

  tsr_cut #(
      .MaxBeats(MaxBeats),
      .Regions (Regions),
      .UserW   (UserW)
  ) u_cut (
      .clk_i,
      .rst_ni,
      .region_valid_i,
      .region_addr_i,
      .region_bytes_i,
      .region_last_i(1'b0),
      .region_user_i,
      .region_ready_o,
      .burst_valid_o(burst_valid),
      .burst_addr_o (req_addr_o),
      .burst_beats_o(req_beats_o),
      .burst_last_o (burst_last),
      .burst_ready_i(request),
      .word_valid_o (chunk_valid),
      .word_offset_o(chunk_offset),
      .word_bytes_o,
      .word_user_o,
      .word_ready_i (word_taken_o)
  );

  assign req_valid_o = burst_valid && room_q;
  assign request     = req_valid_o && req_ready_i;

  // Room is worked out for all that may happen, side by side: the arbiter's answer and the word that leaves come late.
  always_comb begin
    less = 'x;
    if (request) less = free_q - FreeW'(req_beats_o);
  end

  always_ff @(posedge clk_i) begin
    if (word_taken_o) begin
      room_q <= request ? less >= FreeW'(MaxBeats - 1) : free_q >= FreeW'(MaxBeats - 1);
      free_q <= (request ? less : free_q) + FreeW'(1);
    end else if (request) begin
      room_q <= less >= FreeW'(MaxBeats);
      free_q <= less;
    end
    if (!rst_ni) begin
      free_q <= FreeW'(FifoWords);
      room_q <= 1'b1;
    end
  end

  // ---- bus words and the bytes in them that belong to a region --------------------------------------------------------
  logic                  word_valid, align_ready;
  logic [8*BusBytes-1:0] word;

  tsr_fifo_ram #(
      .Width(8 * BusBytes + 1),
      .Depth(FifoWords)
  ) u_data (
      .clk_i,
      .rst_ni,
      .push_i (r_valid_i),
      .data_i ({r_error_i, r_data_i}),
      .valid_o(word_valid),
      .data_o ({word_error_o, word}),
      .ready_i(word_taken_o)
  );

  assign word_taken_o = word_valid && chunk_valid && align_ready;

  tsr_realign #(
      .BusBytes(BusBytes)
  ) u_align (
      .clk_i,
      .rst_ni,
      .in_valid_i  (word_valid && chunk_valid),
      .in_data_i   (word),
      .in_offset_i (chunk_offset),
      .in_length_i (word_bytes_o),
      .in_ready_o  (align_ready),
      .out_offset_i,
      .out_length_i,
      .out_valid_o,
      .out_data_o,
      .out_strb_o,
      .out_ready_i
  );

  logic unused_bits;
  assign unused_bits = burst_last;
endmodule
