// SPDX-License-Identifier: Apache-2.0
//
// tsr_load - copies DRAM to the on-chip buffers: an address phase that runs ahead and a data phase that writes.
//
//   ahead_* --> address phase --(regions)--> tsr_reader <--> req_*, r_* (read arbiter)
//               (tokens of STORE)                |
//                                                | bytes
//   back_* --> data phase <----------------------+
//              (tokens of GEMM, ALU)
//              runs, pads, rows ---> ld_* (one bus word a cycle)
//
// Rules
// 1. The address phase takes STORE's tokens before it asks for the first byte; the data phase takes GEMM's and ALU's before
//    it writes the first one. Both go through the instructions in program order.
// 2. A region is a run, a row of runs without gaps, or the whole access: one a cycle goes to tsr_reader.
// 3. A write never crosses a BusBytes boundary of the destination and never a run; pads cost one write a bus word.
// 4. In a diagonal load, destination addresses count source bytes: all SRAM distances are divided by BlockIn.
// 5. Tokens are given, and done_o pulses, Settle cycles after the last write left.
// 6. A failed bus word reports the instruction it belongs to; the instruction goes on with whatever data came.

module tsr_load #(
    parameter int unsigned ItemW = 354
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic [255:0]                     seg_base_i,

    input  logic                             ahead_valid_i,
    input  logic [ItemW-1:0]                 ahead_i,
    output logic                             ahead_ready_o,
    input  logic                             back_valid_i,
    input  logic [ItemW-1:0]                 back_i,
    output logic                             back_ready_o,
    input  logic [3:0]                       tok_avail_i,
    output logic [3:0]                       tok_take_o,
    output logic [3:0]                       tok_give_o,

    output logic                             req_valid_o,
    output logic [63:0]                      req_addr_o,
    output logic [8:0]                       req_beats_o,
    input  logic                             req_ready_i,
    input  logic                             r_valid_i,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] r_data_i,
    input  logic                             r_error_i,

    output logic                             ld_we_o,
    output logic [1:0]                       ld_buffer_o,
    output logic [3:0]                       ld_plane_o,
    output logic [21:0]                      ld_addr_o,
    output logic [tsr_cfg_pkg::BusBytes-1:0] ld_strb_o,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] ld_data_o,
    output logic                             ld_diag_o,

    output logic                             busy_o,          // an instruction is in the data phase
    output logic                             moved_o,         // a bus word came or a buffer write left
    output logic                             stall_token_o,
    output logic                             done_o,
    output logic [7:0]                       bytes_o,         // named bytes that came this cycle
    output logic                             fault_o,
    output logic [31:0]                      fault_index_o
);
  localparam int unsigned BusBytes  = tsr_cfg_pkg::BusBytes;
  localparam int unsigned OffW      = $clog2(BusBytes);
  localparam int unsigned LenW      = OffW + 1;
  localparam int unsigned Settle    = 3;
  localparam int unsigned DiagShift = $clog2(tsr_cfg_pkg::BlockIn);

  // ---- address phase: one region a cycle -----------------------------------------------------------------------------
  // item = {merge_all, merge_x, row_span, span, index, insn}
  tsr_isa_pkg::load_t a_insn;
  logic        a_tokens, a_moves, a_take, region_valid, region_last, region_ready;
  logic [31:0] a_index_q, region_bytes;
  logic [63:0] region_addr;

  assign a_insn        = ahead_i[255:0];
  assign a_tokens      = !a_insn.wait_mask[tsr_isa_pkg::UnitStore] || tok_avail_i[tsr_isa_pkg::UnitStore];
  assign a_moves       = a_insn.x_count != 16'd0 && a_insn.y_count != 16'd0;
  assign a_take        = ahead_valid_i && a_tokens && !region_valid;
  assign ahead_ready_o = a_take;

  always_ff @(posedge clk_i) if (a_take) a_index_q <= ahead_i[287:256];

  tsr_regions u_regions (
      .clk_i,
      .rst_ni,
      .take_i       (a_take),
      .moves_i      (a_moves),
      .base_i       (seg_base_i[64*32'(a_insn.segment)+:64]),
      .dram_offset_i(a_insn.dram_offset),
      .run_i        (a_insn.run),
      .x_count_i    (a_insn.x_count),
      .y_count_i    (a_insn.y_count),
      .x_stride_i   (a_insn.x_stride),
      .y_stride_i   (a_insn.y_stride),
      .merge_x_i    (ahead_i[352]),
      .merge_all_i  (ahead_i[353]),
      .row_span_i   (ahead_i[351:320]),
      .span_i       (ahead_i[319:288]),
      .valid_o      (region_valid),
      .addr_o       (region_addr),
      .bytes_o      (region_bytes),
      .last_o       (region_last),
      .ready_i      (region_ready)
  );

  // ---- bytes of the regions ------------------------------------------------------------------------------------------
  logic                  word_taken, word_error, align_valid;
  logic [LenW-1:0]       word_bytes, d_chunk;
  logic [31:0]           word_index;
  logic [OffW-1:0]       d_offset;
  logic [8*BusBytes-1:0] align_data;
  logic [BusBytes-1:0]   align_strb;

  tsr_reader #(
      .MaxBeats (tsr_cfg_pkg::BurstBeats),
      .FifoWords(8 * tsr_cfg_pkg::BurstBeats),
      .Regions  (32),
      .UserW    (32)
  ) u_reader (
      .clk_i,
      .rst_ni,
      .region_valid_i(region_valid),
      .region_addr_i (region_addr),
      .region_bytes_i(region_bytes),
      .region_user_i (a_index_q),
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
      .word_user_o   (word_index),
      .out_offset_i  (d_offset),
      .out_length_i  (d_chunk),
      .out_valid_o   (align_valid),
      .out_data_o    (align_data),
      .out_strb_o    (align_strb),
      .out_ready_i   (d_run && d_inside)
  );

  assign bytes_o = word_taken ? 8'(word_bytes) : 8'd0;

  always_ff @(posedge clk_i) begin
    if (word_taken) fault_index_o <= word_index;
    fault_o <= rst_ni && word_taken && word_error;
  end

  // ---- data phase: one destination word a cycle ----------------------------------------------------------------------
  tsr_isa_pkg::load_t d_insn;
  logic        d_tokens, d_take, d_move, d_run, d_ready, d_inside, d_last_run, d_last_x, d_last_y, d_single;
  logic        d_diag_q;
  logic [1:0]  d_buffer_q;
  logic [3:0]  d_plane_q, d_signal_q;
  logic [7:0]  d_pad_q;
  logic [21:OffW] d_word;
  logic [16:0] d_x_left, d_y_left;
  logic [16:0] d_x_lo_q, d_x_hi_q, d_y_lo_q, d_y_hi_q;   // the next step is inside while lo < steps left <= hi
  logic        d_x_inside_q, d_y_inside_q, d_x_begins_q; // this step is inside, that is no padding; a row's first one is

  assign d_insn       = back_i[255:0];
  assign d_tokens     = ((d_insn.wait_mask & 4'b0110) & ~tok_avail_i) == 4'd0;
  assign d_take       = back_valid_i && d_tokens && !d_run;
  assign back_ready_o = d_take;

  assign d_inside = d_x_inside_q && d_y_inside_q;    // asks the byte queue
  assign d_ready  = !d_inside || align_valid;
  assign d_move   = d_run && d_ready;
  // Rows of one step, from the fields: their sum comes later.
  assign d_single = (d_insn.x_count == 16'd1 && d_insn.x_before == '0 && d_insn.x_after == '0)
      || (d_insn.x_count == 16'd0 && d_insn.x_before == 6'd1 && d_insn.x_after == '0)
      || (d_insn.x_count == 16'd0 && d_insn.x_before == '0 && d_insn.x_after == 6'd1);

  tsr_runs #(
      .StepW    (17),
      .DiagShift(DiagShift)
  ) u_runs (
      .clk_i,
      .rst_ni,
      .take_i    (d_take),
      .diag_i    (d_insn.diag),
      .address_i (d_insn.sram_addr),
      .run_i     (d_insn.run),
      .x_stride_i(d_insn.sram_x_stride),
      .y_stride_i(d_insn.sram_y_stride),
      .x_steps_i (17'(d_insn.x_before) + 17'(d_insn.x_count) + 17'(d_insn.x_after)),
      .y_steps_i (17'(d_insn.y_before) + 17'(d_insn.y_count) + 17'(d_insn.y_after)),
      .single_i  (d_single),
      .valid_o   (d_run),
      .word_o    (d_word),
      .offset_o  (d_offset),
      .length_o  (d_chunk),
      .last_run_o(d_last_run),
      .last_x_o  (d_last_x),
      .last_y_o  (d_last_y),
      .x_left_o  (d_x_left),
      .y_left_o  (d_y_left),
      .ready_i   (d_ready)
  );

  always_ff @(posedge clk_i) begin
    if (d_take) begin
      d_diag_q   <= d_insn.diag;
      d_buffer_q <= d_insn.buffer[1:0];
      d_plane_q  <= d_insn.plane;
      d_signal_q <= d_insn.signal_mask;
      d_pad_q    <= d_insn.pad_value;
      d_x_lo_q   <= 17'(d_insn.x_after) + 17'd1;
      d_x_hi_q   <= 17'(d_insn.x_after) + 17'(d_insn.x_count) + 17'd1;
      d_y_lo_q   <= 17'(d_insn.y_after) + 17'd1;
      d_y_hi_q   <= 17'(d_insn.y_after) + 17'(d_insn.y_count) + 17'd1;
      d_x_inside_q <= d_insn.x_before == '0 && d_insn.x_count != '0;
      d_x_begins_q <= d_insn.x_before == '0 && d_insn.x_count != '0;
      d_y_inside_q <= d_insn.y_before == '0 && d_insn.y_count != '0;
    end else if (d_move && d_last_run) begin
      if (!d_last_x) begin
        d_x_inside_q <= d_x_left > d_x_lo_q && d_x_left <= d_x_hi_q;
      end else begin
        d_x_inside_q <= d_x_begins_q;
        d_y_inside_q <= d_y_left > d_y_lo_q && d_y_left <= d_y_hi_q;
      end
    end
  end

  // ---- write port and completion -------------------------------------------------------------------------------------
  logic [5*Settle-1:0] settle_q;      // {done, signal} on its way
  logic                finished;

  assign finished = d_move && d_last_run && d_last_x && d_last_y;

  always_ff @(posedge clk_i) begin
    ld_we_o  <= d_move;
    settle_q <= {settle_q[5*Settle-6:0], finished, finished ? d_signal_q : 4'd0};
    if (!rst_ni) begin
      ld_we_o  <= 1'b0;
      settle_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (d_move) begin
      ld_buffer_o <= d_buffer_q;
      ld_plane_o  <= d_plane_q;
      ld_addr_o   <= {d_word, OffW'(0)};
      ld_strb_o   <= align_strb;
      ld_data_o   <= d_inside ? align_data : {BusBytes{d_pad_q}};
      ld_diag_o   <= d_diag_q;
    end
  end

  assign done_o     = settle_q[5*Settle-1];
  assign tok_give_o = settle_q[5*Settle-2-:4];

  assign tok_take_o = {a_take && a_insn.wait_mask[tsr_isa_pkg::UnitStore], d_take ? d_insn.wait_mask[2:1] : 2'b00, 1'b0};
  assign busy_o     = d_run || settle_q != '0;
  assign moved_o    = r_valid_i || ld_we_o;
  // The data phase decides; a token missing in the address phase counts when nothing older is on its way.
  assign stall_token_o = (!d_run && back_valid_i && !d_tokens)
      || (!d_run && !back_valid_i && ahead_valid_i && !region_valid && !a_tokens);

  logic unused_bits;
  assign unused_bits = ^{region_last, a_insn, d_insn, back_i, ahead_i};
endmodule
