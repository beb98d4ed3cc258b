// SPDX-License-Identifier: Apache-2.0
//
// tsr_fetch - reads the instruction stream ahead of dispatch.
//
//   start_i, addr_i, count_i --(one region)--> tsr_reader <--> req_*, r_* (read arbiter)
//                                                  |
//   insn_o <-- 256-bit assembly <-----(bytes)------+
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
  // Pieces of an instruction: a bus word, or the whole instruction on a bus of 32 bytes and more.
  localparam int unsigned PieceBytes = (BusBytes < 32) ? BusBytes : 32;
  localparam int unsigned Pieces     = 32 / PieceBytes;

  // The first failed word is remembered as an instruction index; bytes count from the start of the stream.
  logic            word_taken, word_error, word_user, region_ready, failed_q;
  logic [LenW-1:0] word_bytes;
  logic [31:0]     bytes_q;
  logic [26:0]     failed_index_q, index_q;

  logic                  piece_valid, piece_take;
  logic [8*BusBytes-1:0] piece;
  logic [BusBytes-1:0]   piece_strb;

  tsr_reader #(
      .MaxBeats (BurstWords),
      .FifoWords(FifoWords),
      .Regions  (1),
      .UserW    (1)
  ) u_reader (
      .clk_i,
      .rst_ni,
      .region_valid_i(start_i),
      .region_addr_i (addr_i),
      .region_bytes_i({count_i, 5'b00000}),
      .region_user_i (1'b0),
      .region_ready_o(region_ready),
      .req_valid_o,
      .req_addr_o,
      .req_beats_o,
      .req_ready_i,
      .r_valid_i,
      .r_data_i,
      .r_error_i,
      .word_taken_o  (word_taken),
      .word_error_o  (word_error),
      .word_bytes_o  (word_bytes),
      .word_user_o   (word_user),
      .out_offset_i  (OffW'(0)),
      .out_length_i  (LenW'(PieceBytes)),
      .out_valid_o   (piece_valid),
      .out_data_o    (piece),
      .out_strb_o    (piece_strb),
      .out_ready_i   (piece_take)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bytes_q        <= '0;
      failed_q       <= 1'b0;
      failed_index_q <= '0;
    end else if (word_taken) begin
      bytes_q <= bytes_q + 32'(word_bytes);
      if (word_error && !failed_q) begin
        failed_q       <= 1'b1;
        failed_index_q <= bytes_q[31:5];
      end
    end
  end

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
  assign unused_bits = ^{word_user, region_ready, piece_strb, piece};
endmodule
