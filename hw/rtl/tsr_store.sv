// SPDX-License-Identifier: Apache-2.0
//
// tsr_store - copies the OUT buffer to DRAM, byte-exact.
//
//   insn_* --> runs in OUT --> st_re_o --> [OUT read] --> tsr_realign --> w_* (data, strobes)
//    (tokens)                                                 ^
//         \--> regions in DRAM --> tsr_burst --> req_*        | bytes of the region in each bus word
//                       \--> region FIFO --> tsr_chunks ------+
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
  logic tokens, take, s_run, a_run_q, done_ready, done_valid;
  logic [31:0] done_index;
  logic [3:0]  done_signal;

  assign insn         = insn_i[255:0];
  assign tokens       = (insn.wait_mask & ~tok_avail_i) == 4'd0;
  assign take         = insn_valid_i && tokens && !s_run && !a_run_q && done_ready;
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
  logic        a_step, a_last_x, a_last_y;
  logic [63:0] a_base_q, a_addr;
  logic [31:0] a_row_q, a_cur_q, a_bytes_q, a_y_stride_q;
  logic [23:0] a_x_stride_q;
  logic [15:0] a_x_q, a_y_q, a_nx_q, a_ny_q;
  logic        region_ready, burst_region_ready;

  assign a_addr   = a_base_q + 64'(a_cur_q);
  assign a_step   = a_run_q && region_ready && burst_region_ready;
  assign a_last_x = a_x_q == a_nx_q;
  assign a_last_y = a_y_q == a_ny_q;

  always_ff @(posedge clk_i) begin
    if (take)        a_run_q <= 1'b1;
    else if (a_step) a_run_q <= !(a_last_x && a_last_y);
    if (!rst_ni)     a_run_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      a_base_q     <= seg_base_i[64*32'(insn.segment)+:64];
      a_row_q      <= insn.dram_offset;
      a_cur_q      <= insn.dram_offset;
      a_y_stride_q <= insn.y_stride;
      a_x_stride_q <= insn.x_stride;
      a_bytes_q    <= insn_i[353] ? insn_i[319:288] : insn_i[352] ? insn_i[351:320] : 32'(insn.run);
      a_nx_q       <= insn_i[352] ? 16'd1 : insn.x_count;
      a_ny_q       <= insn_i[353] ? 16'd1 : insn.y_count;
      a_x_q        <= 16'd1;
      a_y_q        <= 16'd1;
    end else if (a_step) begin
      if (!a_last_x) begin
        a_x_q   <= a_x_q + 16'd1;
        a_cur_q <= a_cur_q + 32'(a_x_stride_q);
      end else begin
        a_x_q   <= 16'd1;
        a_y_q   <= a_y_q + 16'd1;
        a_cur_q <= a_row_q + a_y_stride_q;
        a_row_q <= a_row_q + a_y_stride_q;
      end
    end
  end

  logic burst_last, burst_user;

  tsr_burst #(
      .BusBytes(BusBytes),
      .MaxBeats(tsr_cfg_pkg::BurstBeats)
  ) u_burst (
      .clk_i,
      .rst_ni,
      .region_valid_i(a_run_q && region_ready),
      .region_addr_i (a_addr),
      .region_bytes_i(a_bytes_q),
      .region_user_i (a_last_x && a_last_y),
      .region_ready_o(burst_region_ready),
      .burst_valid_o (req_valid_o),
      .burst_addr_o  (req_addr_o),
      .burst_beats_o (req_beats_o),
      .burst_last_o  (burst_last),
      .burst_user_o  (burst_user),
      .burst_ready_i (req_ready_i)
  );

  assign req_last_o = burst_last && burst_user;

  // ---- bus words -----------------------------------------------------------------------------------------------------
  logic            region_valid, chunk_valid, chunk_last, chunk_free, align_out_valid, sent;
  logic [OffW-1:0] region_offset, chunk_offset;
  logic [31:0]     region_bytes;
  logic [LenW-1:0] chunk_length;

  tsr_fifo #(
      .Width(OffW + 32),
      .Depth(32)
  ) u_regions (
      .clk_i,
      .rst_ni,
      .valid_i(a_run_q && burst_region_ready),
      .data_i ({a_addr[OffW-1:0], a_bytes_q}),
      .ready_o(region_ready),
      .valid_o(region_valid),
      .data_o ({region_offset, region_bytes}),
      .ready_i(chunk_free)
  );

  tsr_chunks #(
      .Size  (BusBytes),
      .CountW(32)
  ) u_words (
      .clk_i,
      .rst_ni,
      .run_valid_i (region_valid),
      .run_offset_i(region_offset),
      .run_count_i (region_bytes),
      .run_ready_o (chunk_free),
      .valid_o     (chunk_valid),
      .offset_o    (chunk_offset),
      .length_o    (chunk_length),
      .last_o      (chunk_last),
      .ready_i     (sent)
  );

  assign w_valid_o  = chunk_valid && align_out_valid;
  assign sent       = w_valid_o && w_ready_i;
  assign bytes_o    = sent ? 8'(chunk_length) : 8'd0;

  // ---- runs in OUT: one word a cycle ---------------------------------------------------------------------------------
  logic        s_run_free, s_ready, s_step, s_last_run, s_last_y, align_ready;
  logic        s_last_x_q, s_single_q;           // this step is the last of its row; rows have one step only
  logic [3:0]  s_plane_q;
  logic [15:0] s_length_q, s_sx_q, s_sy_q, s_x_q, s_y_q, s_nx_q;
  logic [21:0] s_row_q, s_step_q, s_next;       // where the next row begins; the next run in this one; the one of them that comes
  logic [21:OffW] s_word_q;
  logic [OffW-1:0] s_offset;
  logic [LenW-1:0] s_chunk;
  logic            read_q;
  logic [OffW-1:0] read_offset_q;
  logic [LenW-1:0] read_length_q;

  assign s_last_y = s_y_q == 16'd1;
  assign s_ready  = !read_q || align_ready;
  assign s_step   = s_run && s_ready;
  assign s_next   = s_last_x_q ? s_row_q : s_step_q;

  tsr_chunks #(
      .Size  (BusBytes),
      .CountW(16)
  ) u_runs (
      .clk_i,
      .rst_ni,
      .run_valid_i (s_run ? !(s_last_x_q && s_last_y) : take),
      .run_offset_i(s_run ? s_next[OffW-1:0] : insn.sram_addr[OffW-1:0]),
      .run_count_i (s_run ? s_length_q : insn.run),
      .run_ready_o (s_run_free),
      .valid_o     (s_run),
      .offset_o    (s_offset),
      .length_o    (s_chunk),
      .last_o      (s_last_run),
      .ready_i     (s_ready)
  );

  assign st_re_o    = s_step;
  assign st_plane_o = s_plane_q;
  assign st_addr_o  = {s_word_q, OffW'(0)};

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

  always_ff @(posedge clk_i) begin
    if (take) begin
      s_plane_q  <= insn.plane;
      s_length_q <= insn.run;
      s_sx_q     <= insn.sram_x_stride;
      s_sy_q     <= insn.sram_y_stride;
      s_last_x_q <= insn.x_count == 16'd1;
      s_single_q <= insn.x_count == 16'd1;
      s_x_q      <= insn.x_count;
      s_nx_q     <= insn.x_count;
      s_y_q      <= insn.y_count;
      s_row_q    <= insn.sram_addr + 22'(insn.sram_y_stride);
      s_step_q   <= insn.sram_addr + 22'(insn.sram_x_stride);
      s_word_q   <= insn.sram_addr[21:OffW];
    end else if (s_step) begin
      if (!s_last_run) begin
        s_word_q <= s_word_q + (22-OffW)'(1);
      end else begin
        s_word_q <= s_next[21:OffW];
        s_step_q <= s_next + 22'(s_sx_q);
        if (!s_last_x_q) begin
          s_last_x_q <= s_x_q == 16'd2;
          s_x_q      <= s_x_q - 16'd1;
        end else begin
          s_row_q    <= s_row_q + 22'(s_sy_q);
          s_y_q      <= s_y_q - 16'd1;
          s_last_x_q <= s_single_q;
          s_x_q      <= s_nx_q;
        end
      end
    end
  end

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
  assign unused_bits = ^{insn, insn_i, chunk_last, s_run_free};
endmodule
