// SPDX-License-Identifier: Apache-2.0
//
// tsr_store - copies the OUT buffer to DRAM, byte-exact.
//
//   insn_* --> runs in OUT --> st_re_o --> [OUT read] --> tsr_realign --> w_* (data, strobes)
//    (tokens)                                                 ^
//         \--> regions in DRAM --> tsr_cut -------------------+ bytes of the region in each bus word
//                                      \--> req_*
//         \--> completion FIFO {index, signal} <--- b_last_i, b_error_i
//
// Rules
// 1. An instruction starts when all its tokens are there; the next one may start while the responses of this are awaited.
// 2. Tokens are given, and done_o pulses, when the response of the instruction's last burst has come.
// 3. An error response reports the oldest unanswered instruction, which is the one it belongs to.
// 4. One OUT word is read a cycle; st_data_i is valid in the cycle after st_re_o and held until the next read.

module tsr_store #(
    parameter int unsigned ItemW = 354
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic [255:0]                     seg_base_i,

    input  logic                             insn_valid_i,
    input  logic [ItemW-1:0]                 insn_i,
    output logic                             insn_ready_o,
    input  logic [3:0]                       tok_avail_i,
    output logic [3:0]                       tok_take_o,
    output logic [3:0]                       tok_give_o,

    output logic                             st_re_o,
    output logic [3:0]                       st_plane_o,
    output logic [21:0]                      st_addr_o,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] st_data_i,

    output logic                             req_valid_o,
    output logic [63:0]                      req_addr_o,
    output logic [8:0]                       req_beats_o,
    output logic                             req_last_o,
    input  logic                             req_ready_i,
    output logic                             w_valid_o,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] w_data_o,
    output logic [tsr_cfg_pkg::BusBytes-1:0] w_strb_o,
    input  logic                             w_ready_i,
    input  logic                             b_last_i,
    input  logic                             b_error_i,

    output logic                             busy_o,          // an instruction is streaming or awaits responses
    output logic                             moved_o,         // an OUT word was read or a bus word left
    output logic                             stall_token_o,
    output logic                             done_o,
    output logic [7:0]                       bytes_o,         // bytes that left this cycle
    output logic                             fault_o,
    output logic [31:0]                      fault_index_o
);
  localparam int unsigned BusBytes = tsr_cfg_pkg::BusBytes;
  localparam int unsigned OffW     = $clog2(BusBytes);
  localparam int unsigned LenW     = OffW + 1;
  localparam int unsigned InFlight = tsr_cfg_pkg::OutstandingBursts;   // instructions between start and last response

  // ---- start ---------------------------------------------------------------------------------------------------------
  tsr_isa_pkg::store_t insn;
  logic tokens, take, s_run, region_valid, done_ready, done_valid;
  logic [31:0] done_index;
  logic [3:0]  done_signal;

  assign insn         = insn_i[255:0];
  assign tokens       = (insn.wait_mask & ~tok_avail_i) == 4'd0;
  assign take         = insn_valid_i && tokens && !s_run && !region_valid && done_ready;
  assign insn_ready_o = take;
  assign tok_take_o   = take ? insn.wait_mask : 4'd0;

  tsr_fifo #(
      .Width(36),
      .Depth(InFlight)
  ) u_completion (
      .clk_i,
      .rst_ni,
      .valid_i(take),
      .data_i ({insn_i[287:256], insn.signal_mask}),
      .ready_o(done_ready),
      .valid_o(done_valid),
      .data_o ({done_index, done_signal}),
      .ready_i(b_last_i)
  );

  assign done_o        = b_last_i;
  assign tok_give_o    = b_last_i && done_valid ? done_signal : 4'd0;
  assign fault_o       = b_error_i;
  assign fault_index_o = done_index;

  // ---- regions in DRAM: one a cycle ----------------------------------------------------------------------------------
  logic [63:0] region_addr;
  logic [31:0] region_bytes;
  logic        region_last, region_ready;

  tsr_regions u_regions (
      .clk_i,
      .rst_ni,
      .take_i       (take),
      .moves_i      (1'b1),
      .base_i       (seg_base_i[64*32'(insn.segment)+:64]),
      .dram_offset_i(insn.dram_offset),
      .run_i        (insn.run),
      .x_count_i    (insn.x_count),
      .y_count_i    (insn.y_count),
      .x_stride_i   (insn.x_stride),
      .y_stride_i   (insn.y_stride),
      .merge_x_i    (insn_i[352]),
      .merge_all_i  (insn_i[353]),
      .row_span_i   (insn_i[351:320]),
      .span_i       (insn_i[319:288]),
      .valid_o      (region_valid),
      .addr_o       (region_addr),
      .bytes_o      (region_bytes),
      .last_o       (region_last),
      .ready_i      (region_ready)
  );

  // ---- bursts and bus words --------------------------------------------------------------------------------------------
  logic            chunk_valid, chunk_user, align_out_valid, sent;
  logic [OffW-1:0] chunk_offset;
  logic [LenW-1:0] chunk_length;

  tsr_cut #(
      .Regions(32)
  ) u_cut (
      .clk_i,
      .rst_ni,
      .region_valid_i(region_valid),
      .region_addr_i (region_addr),
      .region_bytes_i(region_bytes),
      .region_last_i (region_last),
      .region_user_i (1'b0),
      .region_ready_o(region_ready),
      .burst_valid_o (req_valid_o),
      .burst_addr_o  (req_addr_o),
      .burst_beats_o (req_beats_o),
      .burst_last_o  (req_last_o),
      .burst_ready_i (req_ready_i),
      .word_valid_o  (chunk_valid),
      .word_offset_o (chunk_offset),
      .word_bytes_o  (chunk_length),
      .word_user_o   (chunk_user),
      .word_ready_i  (sent)
  );

  assign w_valid_o  = chunk_valid && align_out_valid;
  assign sent       = w_valid_o && w_ready_i;
  assign bytes_o    = sent ? 8'(chunk_length) : 8'd0;

  // ---- runs in OUT: one word a cycle ---------------------------------------------------------------------------------
  logic            s_ready, s_step, s_last_run, s_last_x, s_last_y, align_ready;
  logic [3:0]      s_plane_q;
  logic [15:0]     s_x_left, s_y_left;
  logic [21:OffW]  s_word;
  logic [OffW-1:0] s_offset;
  logic [LenW-1:0] s_chunk;
  logic            read_q;
  logic [OffW-1:0] read_offset_q;
  logic [LenW-1:0] read_length_q;

  assign s_ready = !read_q || align_ready;
  assign s_step  = s_run && s_ready;

  tsr_runs u_runs (
      .clk_i,
      .rst_ni,
      .take_i    (take),
      .diag_i    (1'b0),
      .address_i (insn.sram_addr),
      .run_i     (insn.run),
      .x_stride_i(insn.sram_x_stride),
      .y_stride_i(insn.sram_y_stride),
      .x_steps_i (insn.x_count),
      .y_steps_i (insn.y_count),
      .single_i  (insn.x_count == 16'd1),
      .valid_o   (s_run),
      .word_o    (s_word),
      .offset_o  (s_offset),
      .length_o  (s_chunk),
      .last_run_o(s_last_run),
      .last_x_o  (s_last_x),
      .last_y_o  (s_last_y),
      .x_left_o  (s_x_left),
      .y_left_o  (s_y_left),
      .ready_i   (s_ready)
  );

  assign st_re_o    = s_step;
  assign st_plane_o = s_plane_q;
  assign st_addr_o  = {s_word, OffW'(0)};

  always_ff @(posedge clk_i) begin
    if (s_step)           read_q <= 1'b1;
    else if (align_ready) read_q <= 1'b0;
    if (!rst_ni)          read_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (s_step) begin
      read_offset_q <= s_offset;
      read_length_q <= s_chunk;
    end
  end

  always_ff @(posedge clk_i) if (take) s_plane_q <= insn.plane;

  tsr_realign #(
      .BusBytes(BusBytes)
  ) u_align (
      .clk_i,
      .rst_ni,
      .in_valid_i  (read_q),
      .in_data_i   (st_data_i),
      .in_offset_i (read_offset_q),
      .in_length_i (read_length_q),
      .in_ready_o  (align_ready),
      .out_offset_i(chunk_offset),
      .out_length_i(chunk_length),
      .out_valid_o (align_out_valid),
      .out_data_o  (w_data_o),
      .out_strb_o  (w_strb_o),
      .out_ready_i (chunk_valid && w_ready_i)
  );

  assign busy_o        = done_valid;
  assign moved_o       = st_re_o || sent;
  assign stall_token_o = !done_valid && insn_valid_i && !tokens;

  logic unused_bits;
  assign unused_bits = ^{insn, insn_i, chunk_user, s_last_run, s_last_x, s_last_y, s_x_left, s_y_left};
endmodule
