// SPDX-License-Identifier: Apache-2.0
//
// tsr_fetch - reads the instruction stream ahead of dispatch.
//
//   start_i, addr_i, count_i --> region --> tsr_burst --(credits)--> req_* (read arbiter)
//                                                                        |
//   insn_o <-- 256-bit assembly <-- tsr_realign <-- data FIFO <-- r_* ---+
//
// Rules
// 1. The stream may start at any byte address; it is one region, read in bursts as room in the data FIFO allows.
// 2. insn_error_o marks every instruction from the first one that a failed bus word touches.
// 3. An instruction leaves in the cycle in which the first piece of the next one enters.

module tsr_fetch (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             start_i,
    input  logic [63:0]                      addr_i,
    input  logic [26:0]                      count_i,

    output logic                             req_valid_o,
    output logic [63:0]                      req_addr_o,
    output logic [8:0]                       req_beats_o,
    input  logic                             req_ready_i,
    input  logic                             r_valid_i,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] r_data_i,
    input  logic                             r_error_i,

    output logic                             insn_valid_o,
    output logic [255:0]                     insn_o,
    output logic                             insn_error_o,
    input  logic                             insn_ready_i
);
  localparam int unsigned BusBytes   = tsr_cfg_pkg::BusBytes;
  localparam int unsigned OffW       = $clog2(BusBytes);
  localparam int unsigned LenW       = OffW + 1;
  // Bursts of eight instructions leave gaps for the load unit; the FIFO holds 32 instructions, at least two bursts.
  localparam int unsigned BurstWords = (256 / BusBytes > tsr_cfg_pkg::BurstBeats) ? tsr_cfg_pkg::BurstBeats : 256 / BusBytes;
  localparam int unsigned FifoWords  = 1024 / BusBytes;
  localparam int unsigned FreeW      = $clog2(FifoWords) + 1;
  // Pieces of an instruction: a bus word, or the whole instruction on a bus of 32 bytes and more.
  localparam int unsigned PieceBytes = (BusBytes < 32) ? BusBytes : 32;
  localparam int unsigned Pieces     = 32 / PieceBytes;

  // Bursts, as many as the data FIFO has room for.
  logic             burst_valid, burst_last, burst_user, region_ready, request, word_taken;
  logic [8:0]       burst_beats;
  logic [FreeW-1:0] free_q;

  tsr_burst #(
      .BusBytes(BusBytes),
      .MaxBeats(BurstWords)
  ) u_burst (
      .clk_i,
      .rst_ni,
      .region_valid_i(start_i),
      .region_addr_i (addr_i),
      .region_bytes_i({count_i, 5'b00000}),
      .region_user_i (1'b0),
      .region_ready_o(region_ready),
      .burst_valid_o (burst_valid),
      .burst_addr_o  (req_addr_o),
      .burst_beats_o (burst_beats),
      .burst_last_o  (burst_last),
      .burst_user_o  (burst_user),
      .burst_ready_i (request)
  );

  assign req_valid_o = burst_valid && (free_q >= FreeW'(burst_beats));
  assign req_beats_o = burst_beats;
  assign request     = req_valid_o && req_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) free_q <= FreeW'(FifoWords);
    else if (request || word_taken)
      free_q <= free_q - (request ? FreeW'(burst_beats) : FreeW'(0)) + FreeW'(word_taken);
  end

  // Data words, stripped of what the stream does not own.
  logic                  word_valid, word_error, align_ready;
  logic [8*BusBytes-1:0] word;
  logic [OffW-1:0]       offset_q;
  logic [31:0]           left_q;
  logic [LenW-1:0]       room, length;

  tsr_fifo_ram #(
      .Width(8 * BusBytes + 1),
      .Depth(FifoWords)
  ) u_data (
      .clk_i,
      .rst_ni,
      .push_i (r_valid_i),
      .data_i ({r_error_i, r_data_i}),
      .valid_o(word_valid),
      .data_o ({word_error, word}),
      .ready_i(align_ready)
  );

  assign room       = LenW'(BusBytes) - LenW'(offset_q);
  assign length     = (left_q < 32'(room)) ? left_q[LenW-1:0] : room;
  assign word_taken = word_valid && align_ready;

  // The first failed word is remembered as an instruction index; bytes count from the start of the stream.
  logic        failed_q;
  logic [31:0] bytes_q;
  logic [26:0] failed_index_q, index_q;

  logic                  piece_valid, piece_take;
  logic [8*BusBytes-1:0] piece;
  logic [BusBytes-1:0]   piece_strb;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      offset_q       <= '0;
      left_q         <= '0;
      bytes_q        <= '0;
      failed_q       <= 1'b0;
      failed_index_q <= '0;
    end else if (start_i) begin
      offset_q <= addr_i[OffW-1:0];
      left_q   <= {count_i, 5'b00000};
    end else if (word_taken) begin
      offset_q <= '0;
      left_q   <= left_q - 32'(length);
      bytes_q  <= bytes_q + 32'(length);
      if (word_error && !failed_q) begin
        failed_q       <= 1'b1;
        failed_index_q <= bytes_q[31:5];
      end
    end
  end

  tsr_realign #(
      .BusBytes(BusBytes)
  ) u_align (
      .clk_i,
      .rst_ni,
      .in_valid_i  (word_valid),
      .in_data_i   (word),
      .in_offset_i (offset_q),
      .in_length_i (length),
      .in_ready_o  (align_ready),
      .out_offset_i(OffW'(0)),
      .out_length_i(LenW'(PieceBytes)),
      .out_valid_o (piece_valid),
      .out_data_o  (piece),
      .out_strb_o  (piece_strb),
      .out_ready_i (piece_take)
  );

  // Assembly: have_q counts the pieces in insn_q.
  logic [255:0] insn_q;
  logic [3:0]   have_q;
  logic         full, leave;

  assign full         = have_q == 4'(Pieces);
  assign leave        = full && insn_ready_i;
  assign piece_take   = !full || insn_ready_i;
  assign insn_valid_o = full;
  assign insn_o       = insn_q;
  assign insn_error_o = failed_q && (index_q >= failed_index_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      insn_q  <= '0;
      have_q  <= '0;
      index_q <= '0;
    end else begin
      if (leave) index_q <= index_q + 27'd1;
      if (piece_valid && piece_take) have_q <= (leave ? 4'd0 : have_q) + 4'd1;
      else if (leave)                have_q <= 4'd0;
      if (piece_valid && piece_take) insn_q <= 256'({piece[8*PieceBytes-1:0], insn_q} >> (8 * PieceBytes));
    end
  end

  logic unused_bits;
  assign unused_bits = ^{burst_last, burst_user, region_ready, piece_strb, piece};
endmodule
