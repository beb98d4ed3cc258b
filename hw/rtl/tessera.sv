// SPDX-License-Identifier: Apache-2.0
//
// tessera - the tensor accelerator.
//
//                +--------------------------------------------------------------------------------+
//  s_axi_* <-->  | tsr_axi_lite -- tsr_control -- tsr_run (start, faults, clear) -- tsr_counters  |
//                |                                   |                                            |
//                |      tsr_fetch --> tsr_dispatch --+--> queues: LOAD  GEMM  ALU  STORE          |
//                |          |                                      |      |    |     |            |
//                |          |                 tsr_tokens <-->   tsr_load  |    |  tsr_store       |
//                |          |                                      |    tsr_compute  |            |
//  m_axi_* <-->  |   tsr_axi_read <--------------------------------+  (buffers, GEMM, +--> tsr_axi_write
//                |                                                    ALU)                        |
//  interrupt_o <-|                                                                                |
//                +--------------------------------------------------------------------------------+
//
// Rules
// 1. AXI4-Lite slave of 4 KiB with 32-bit registers; AXI4 master without IDs: INCR bursts, aligned, full width, never across
//    4 KiB, at most OutstandingBursts in flight each way.
// 2. interrupt_o is a level. rst_ni is synchronous and active low; all buffers are cleared before the core turns idle.
// 3. A unit sees the head of its queue only while no fault with a lower instruction index is recorded.

module tessera (
    input  logic        clk_i,
    input  logic        rst_ni,

    input  logic [11:0] s_axi_awaddr,
    input  logic [2:0]  s_axi_awprot,
    input  logic        s_axi_awvalid,
    output logic        s_axi_awready,
    input  logic [31:0] s_axi_wdata,
    input  logic [3:0]  s_axi_wstrb,
    input  logic        s_axi_wvalid,
    output logic        s_axi_wready,
    output logic [1:0]  s_axi_bresp,
    output logic        s_axi_bvalid,
    input  logic        s_axi_bready,
    input  logic [11:0] s_axi_araddr,
    input  logic [2:0]  s_axi_arprot,
    input  logic        s_axi_arvalid,
    output logic        s_axi_arready,
    output logic [31:0] s_axi_rdata,
    output logic [1:0]  s_axi_rresp,
    output logic        s_axi_rvalid,
    input  logic        s_axi_rready,

    output logic [63:0] m_axi_araddr,
    output logic [7:0]  m_axi_arlen,
    output logic [2:0]  m_axi_arsize,
    output logic [1:0]  m_axi_arburst,
    output logic [3:0]  m_axi_arcache,
    output logic [2:0]  m_axi_arprot,
    output logic        m_axi_arvalid,
    input  logic        m_axi_arready,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] m_axi_rdata,
    input  logic [1:0]  m_axi_rresp,
    input  logic        m_axi_rlast,
    input  logic        m_axi_rvalid,
    output logic        m_axi_rready,
    output logic [63:0] m_axi_awaddr,
    output logic [7:0]  m_axi_awlen,
    output logic [2:0]  m_axi_awsize,
    output logic [1:0]  m_axi_awburst,
    output logic [3:0]  m_axi_awcache,
    output logic [2:0]  m_axi_awprot,
    output logic        m_axi_awvalid,
    input  logic        m_axi_awready,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] m_axi_wdata,
    output logic [tsr_cfg_pkg::BusBytes-1:0] m_axi_wstrb,
    output logic        m_axi_wlast,
    output logic        m_axi_wvalid,
    input  logic        m_axi_wready,
    input  logic [1:0]  m_axi_bresp,
    input  logic        m_axi_bvalid,
    output logic        m_axi_bready,

    output logic        interrupt_o
);
  localparam int unsigned BusBytes   = tsr_cfg_pkg::BusBytes;
  localparam int unsigned BusBits    = 8 * BusBytes;
  localparam int unsigned QueueDepth = tsr_cfg_pkg::QueueDepth;
  // Unfinished instructions of a unit: its queue, the one it is in, a few in pipelines, stores that await responses.
  localparam int unsigned PendW      = $clog2(QueueDepth + tsr_cfg_pkg::OutstandingBursts) + 1;
  localparam int unsigned ComputeW   = 256 + 32;             // {index, insn}
  localparam int unsigned MemoryW    = ComputeW + 2*32 + 2;  // {merge_all, merge_x, row_span, span, index, insn}

  localparam int unsigned Load  = 32'(tsr_isa_pkg::UnitLoad);
  localparam int unsigned Gemm  = 32'(tsr_isa_pkg::UnitGemm);
  localparam int unsigned Alu   = 32'(tsr_isa_pkg::UnitAlu);
  localparam int unsigned Store = 32'(tsr_isa_pkg::UnitStore);

  // ---- control ---------------------------------------------------------------------------------------------------------
  logic         reg_write, reg_read;
  logic [11:0]  reg_write_addr, reg_read_addr;
  logic [31:0]  reg_write_data, reg_read_data;
  logic         start, start_ack, soft_reset, soft_busy, running, idle, done;
  logic [31:0]  insn_offset, insn_count;
  logic [255:0] seg_base;
  logic [127:0] seg_size;
  logic         count_read;
  logic [5:0]   count_index;
  logic [63:0]  count_data;
  logic         core_rst_n, core_start, abort, clear, clear_busy, quiet, finish, bus_idle, read_idle, write_idle;
  logic         halt, limit_moving, limit_valid;
  logic [31:0]  limit_index;
  logic [10:0]  fault;
  logic [15:0]  state_q;

  // Per unit, LOAD GEMM ALU STORE from bit 0; faults have dispatch as a fifth.
  logic [3:0]   unit_done, unit_useful, unit_token, unit_bank, unit_active, unit_waiting;
  logic [4:0]   fault_valid;
  logic [39:0]  fault_code;
  logic [159:0] fault_index;

  tsr_axi_lite u_axi_lite (
      .clk_i,
      .rst_ni,
      .s_axi_awaddr,
      .s_axi_awvalid,
      .s_axi_awready,
      .s_axi_wdata,
      .s_axi_wstrb,
      .s_axi_wvalid,
      .s_axi_wready,
      .s_axi_bresp,
      .s_axi_bvalid,
      .s_axi_bready,
      .s_axi_araddr,
      .s_axi_arvalid,
      .s_axi_arready,
      .s_axi_rdata,
      .s_axi_rresp,
      .s_axi_rvalid,
      .s_axi_rready,
      .write_o     (reg_write),
      .write_addr_o(reg_write_addr),
      .write_data_o(reg_write_data),
      .read_o      (reg_read),
      .read_addr_o (reg_read_addr),
      .read_data_i (reg_read_data)
  );

  tsr_control u_control (
      .clk_i,
      .rst_ni,
      .write_i      (reg_write),
      .write_addr_i (reg_write_addr),
      .write_data_i (reg_write_data),
      .read_i       (reg_read),
      .read_addr_i  (reg_read_addr),
      .read_data_o  (reg_read_data),
      .start_o      (start),
      .start_ack_i  (start_ack),
      .soft_reset_o (soft_reset),
      .soft_busy_i  (soft_busy),
      .running_i    (running),
      .idle_i       (idle),
      .done_i       (done),
      .insn_offset_o(insn_offset),
      .insn_count_o (insn_count),
      .seg_base_o   (seg_base),
      .seg_size_o   (seg_size),
      .fault_i      (fault),
      .fault_index_i(limit_index),
      .state_i      (state_q),
      .count_read_o (count_read),
      .count_index_o(count_index),
      .count_data_i (count_data),
      .interrupt_o  (interrupt_o)
  );

  tsr_run u_run (
      .clk_i,
      .rst_ni,
      .start_i      (start),
      .start_ack_o  (start_ack),
      .soft_reset_i (soft_reset),
      .soft_busy_o  (soft_busy),
      .running_o    (running),
      .idle_o       (idle),
      .done_o       (done),
      .core_rst_no  (core_rst_n),
      .core_start_o (core_start),
      .abort_o      (abort),
      .clear_o      (clear),
      .clear_busy_i (clear_busy),
      .bus_idle_i   (bus_idle),
      .quiet_i      (quiet),
      .finish_i     (finish),
      .fault_valid_i(fault_valid),
      .fault_code_i (fault_code),
      .fault_index_i(fault_index),
      .halt_o       (halt),
      .moving_o     (limit_moving),
      .limit_valid_o(limit_valid),
      .limit_index_o(limit_index),
      .fault_o      (fault)
  );

  // ---- instructions ----------------------------------------------------------------------------------------------------
  logic               fetch_start, insn_valid, insn_error, insn_ready;
  logic [255:0]       insn, item_insn;
  logic [31:0]        item_index, item_span, item_row_span;
  logic               item_merge_x, item_merge_all;
  logic [3:0]         push, queue_ready;
  logic [4*PendW-1:0] pending;

  logic               req0_valid, req0_ready, req1_valid, req1_ready;
  logic [63:0]        req0_addr, req1_addr;
  logic [8:0]         req0_beats, req1_beats;
  logic               r0_valid, r1_valid, r_error;
  logic [BusBits-1:0] r_data;

  tsr_fetch u_fetch (
      .clk_i,
      .rst_ni      (core_rst_n),
      .start_i     (fetch_start),
      .addr_i      (seg_base[63:0] + 64'(insn_offset)),
      .count_i     (insn_count[26:0]),
      .req_valid_o (req0_valid),
      .req_addr_o  (req0_addr),
      .req_beats_o (req0_beats),
      .req_ready_i (req0_ready),
      .r_valid_i   (r0_valid),
      .r_data_i    (r_data),
      .r_error_i   (r_error),
      .insn_valid_o(insn_valid),
      .insn_o      (insn),
      .insn_error_o(insn_error),
      .insn_ready_i(insn_ready)
  );

  tsr_dispatch #(
      .PendW(PendW)
  ) u_dispatch (
      .clk_i,
      .rst_ni       (core_rst_n),
      .start_i      (core_start),
      .halt_i       (halt),
      .insn_offset_i(insn_offset),
      .insn_count_i (insn_count),
      .seg_size_i   (seg_size),
      .fetch_start_o(fetch_start),
      .insn_valid_i (insn_valid),
      .insn_i       (insn),
      .insn_error_i (insn_error),
      .insn_ready_o (insn_ready),
      .push_o       (push),
      .insn_o       (item_insn),
      .index_o      (item_index),
      .span_o       (item_span),
      .row_span_o   (item_row_span),
      .merge_x_o    (item_merge_x),
      .merge_all_o  (item_merge_all),
      .queue_ready_i(queue_ready),
      .pending_i    (pending),
      .finish_o     (finish),
      .fault_o      (fault_valid[4]),
      .fault_code_o (fault_code[39:32]),
      .fault_index_o(fault_index[159:128])
  );

  always_ff @(posedge clk_i) begin
    if (!core_rst_n) pending <= '0;
    else if (push != unit_done) begin
      for (int u = 0; u < 4; u++) begin
        if (push[u] != unit_done[u])
          pending[PendW*u+:PendW] <= unit_done[u] ? pending[PendW*u+:PendW] - PendW'(1) : pending[PendW*u+:PendW] + PendW'(1);
      end
    end
  end

  logic [MemoryW-1:0]  item, ahead_item, back_item, store_item;
  logic [ComputeW-1:0] gemm_item, alu_item;
  logic                ahead_valid, ahead_ready, back_valid, back_ready, store_valid, store_ready;
  logic                gemm_valid, gemm_ready, alu_valid, alu_ready;
  logic                ahead_go, back_go, store_go, gemm_go, alu_go;

  assign item = {item_merge_all, item_merge_x, item_row_span, item_span, item_index, item_insn};

  tsr_queue_ahead #(
      .Width(MemoryW),
      .Depth(QueueDepth)
  ) u_load_queue (
      .clk_i,
      .rst_ni       (core_rst_n),
      .valid_i      (push[Load]),
      .data_i       (item),
      .ready_o      (queue_ready[Load]),
      .ahead_valid_o(ahead_valid),
      .ahead_o      (ahead_item),
      .ahead_ready_i(ahead_ready),
      .back_valid_o (back_valid),
      .back_o       (back_item),
      .back_ready_i (back_ready)
  );

  tsr_fifo #(
      .Width(ComputeW),
      .Depth(QueueDepth)
  ) u_gemm_queue (
      .clk_i,
      .rst_ni (core_rst_n),
      .valid_i(push[Gemm]),
      .data_i (item[ComputeW-1:0]),
      .ready_o(queue_ready[Gemm]),
      .valid_o(gemm_valid),
      .data_o (gemm_item),
      .ready_i(gemm_ready)
  );

  tsr_fifo #(
      .Width(ComputeW),
      .Depth(QueueDepth)
  ) u_alu_queue (
      .clk_i,
      .rst_ni (core_rst_n),
      .valid_i(push[Alu]),
      .data_i (item[ComputeW-1:0]),
      .ready_o(queue_ready[Alu]),
      .valid_o(alu_valid),
      .data_o (alu_item),
      .ready_i(alu_ready)
  );

  tsr_fifo #(
      .Width(MemoryW),
      .Depth(QueueDepth)
  ) u_store_queue (
      .clk_i,
      .rst_ni (core_rst_n),
      .valid_i(push[Store]),
      .data_i (item),
      .ready_o(queue_ready[Store]),
      .valid_o(store_valid),
      .data_o (store_item),
      .ready_i(store_ready)
  );

  // After a fault a queue's head is offered every second clock, when its index is known to be below the limit.
  logic [4:0] head_valid, head_below, below_q, offer_q;

  assign head_valid = {store_valid, alu_valid, gemm_valid, back_valid, ahead_valid};
  always_comb begin
    head_below = 5'd0;
    if (limit_valid)
      head_below = head_valid & {store_item[287:256] < limit_index, alu_item[287:256] < limit_index,
          gemm_item[287:256] < limit_index, back_item[287:256] < limit_index, ahead_item[287:256] < limit_index};
  end
  assign {store_go, alu_go, gemm_go, back_go, ahead_go} = !halt ? head_valid : limit_moving ? 5'd0 : offer_q;

  always_ff @(posedge clk_i) begin
    below_q <= head_below;
    offer_q <= limit_moving ? 5'd0 : head_below & ~offer_q;
  end

  // ---- units -----------------------------------------------------------------------------------------------------------
  logic [3:0] avail_load, take_load, give_load;
  logic [3:0] avail_gemm, take_gemm, give_gemm;
  logic [3:0] avail_alu, take_alu, give_alu;
  logic [3:0] avail_store, take_store, give_store;

  tsr_tokens u_tokens (
      .clk_i,
      .rst_ni       (core_rst_n),
      .clear_i      (1'b0),
      .take_load_i  (take_load),
      .take_gemm_i  (take_gemm),
      .take_alu_i   (take_alu),
      .take_store_i (take_store),
      .give_load_i  (give_load),
      .give_gemm_i  (give_gemm),
      .give_alu_i   (give_alu),
      .give_store_i (give_store),
      .avail_load_o (avail_load),
      .avail_gemm_o (avail_gemm),
      .avail_alu_o  (avail_alu),
      .avail_store_o(avail_store)
  );

  logic                ld_we, ld_diag, st_re;
  logic [1:0]          ld_buffer;
  logic [3:0]          ld_plane, st_plane;
  logic [21:0]         ld_addr, st_addr;
  logic [BusBytes-1:0] ld_strb, w_strb;
  logic [BusBits-1:0]  ld_data, st_data, w_data;
  logic                load_moved, store_moved;
  logic [7:0]          bytes_read, bytes_written;
  logic                wreq_valid, wreq_last, wreq_ready, w_valid, w_ready, b_last, b_error;
  logic [63:0]         wreq_addr;
  logic [8:0]          wreq_beats;

  tsr_load #(
      .ItemW(MemoryW)
  ) u_load (
      .clk_i,
      .rst_ni       (core_rst_n),
      .seg_base_i   (seg_base),
      .ahead_valid_i(ahead_go),
      .ahead_i      (ahead_item),
      .ahead_ready_o(ahead_ready),
      .back_valid_i (back_go),
      .back_i       (back_item),
      .back_ready_o (back_ready),
      .tok_avail_i  (avail_load),
      .tok_take_o   (take_load),
      .tok_give_o   (give_load),
      .req_valid_o  (req1_valid),
      .req_addr_o   (req1_addr),
      .req_beats_o  (req1_beats),
      .req_ready_i  (req1_ready),
      .r_valid_i    (r1_valid),
      .r_data_i     (r_data),
      .r_error_i    (r_error),
      .ld_we_o      (ld_we),
      .ld_buffer_o  (ld_buffer),
      .ld_plane_o   (ld_plane),
      .ld_addr_o    (ld_addr),
      .ld_strb_o    (ld_strb),
      .ld_data_o    (ld_data),
      .ld_diag_o    (ld_diag),
      .busy_o       (unit_active[Load]),
      .moved_o      (load_moved),
      .stall_token_o(unit_token[Load]),
      .done_o       (unit_done[Load]),
      .bytes_o      (bytes_read),
      .fault_o      (fault_valid[Load]),
      .fault_index_o(fault_index[32*Load+:32])
  );

  tsr_store #(
      .ItemW(MemoryW)
  ) u_store (
      .clk_i,
      .rst_ni       (core_rst_n),
      .seg_base_i   (seg_base),
      .insn_valid_i (store_go),
      .insn_i       (store_item),
      .insn_ready_o (store_ready),
      .tok_avail_i  (avail_store),
      .tok_take_o   (take_store),
      .tok_give_o   (give_store),
      .st_re_o      (st_re),
      .st_plane_o   (st_plane),
      .st_addr_o    (st_addr),
      .st_data_i    (st_data),
      .req_valid_o  (wreq_valid),
      .req_addr_o   (wreq_addr),
      .req_beats_o  (wreq_beats),
      .req_last_o   (wreq_last),
      .req_ready_i  (wreq_ready),
      .w_valid_o    (w_valid),
      .w_data_o     (w_data),
      .w_strb_o     (w_strb),
      .w_ready_i    (w_ready),
      .b_last_i     (b_last),
      .b_error_i    (b_error),
      .busy_o       (unit_active[Store]),
      .moved_o      (store_moved),
      .stall_token_o(unit_token[Store]),
      .done_o       (unit_done[Store]),
      .bytes_o      (bytes_written),
      .fault_o      (fault_valid[Store]),
      .fault_index_o(fault_index[32*Store+:32])
  );

  assign fault_code[8*Load+:8]  = tsr_isa_pkg::FaultBusRead;
  assign fault_code[8*Store+:8] = tsr_isa_pkg::FaultBusWrite;

  logic gemm_uop, alu_uop;

  tsr_compute u_compute (
      .clk_i,
      .rst_ni,
      .clear_i            (clear),
      .clear_busy_o       (clear_busy),
      .halt_i             (abort),
      .ld_we_i            (ld_we),
      .ld_buffer_i        (ld_buffer),
      .ld_plane_i         (ld_plane),
      .ld_addr_i          (ld_addr),
      .ld_strb_i          (ld_strb),
      .ld_data_i          (ld_data),
      .ld_diag_i          (ld_diag),
      .st_re_i            (st_re),
      .st_plane_i         (st_plane),
      .st_addr_i          (st_addr),
      .st_data_o          (st_data),
      .gemm_valid_i       (gemm_go),
      .gemm_insn_i        (gemm_item[255:0]),
      .gemm_index_i       (gemm_item[287:256]),
      .gemm_ready_o       (gemm_ready),
      .gemm_tok_avail_i   (avail_gemm),
      .gemm_tok_take_o    (take_gemm),
      .gemm_tok_give_o    (give_gemm),
      .gemm_busy_o        (unit_useful[Gemm]),
      .gemm_stall_token_o (unit_token[Gemm]),
      .gemm_stall_bank_o  (unit_bank[Gemm]),
      .gemm_active_o      (unit_active[Gemm]),
      .gemm_done_o        (unit_done[Gemm]),
      .gemm_uop_o         (gemm_uop),
      .gemm_fault_o       (fault_valid[Gemm]),
      .gemm_fault_code_o  (fault_code[8*Gemm+:8]),
      .gemm_fault_index_o (fault_index[32*Gemm+:32]),
      .alu_valid_i        (alu_go),
      .alu_insn_i         (alu_item[255:0]),
      .alu_index_i        (alu_item[287:256]),
      .alu_ready_o        (alu_ready),
      .alu_tok_avail_i    (avail_alu),
      .alu_tok_take_o     (take_alu),
      .alu_tok_give_o     (give_alu),
      .alu_busy_o         (unit_useful[Alu]),
      .alu_stall_token_o  (unit_token[Alu]),
      .alu_stall_bank_o   (unit_bank[Alu]),
      .alu_active_o       (unit_active[Alu]),
      .alu_done_o         (unit_done[Alu]),
      .alu_uop_o          (alu_uop),
      .alu_fault_o        (fault_valid[Alu]),
      .alu_fault_code_o   (fault_code[8*Alu+:8]),
      .alu_fault_index_o  (fault_index[32*Alu+:32])
  );

  // ---- bus -------------------------------------------------------------------------------------------------------------
  tsr_axi_read u_axi_read (
      .clk_i,
      .rst_ni,
      .abort_i     (abort),
      .idle_o      (read_idle),
      .req0_valid_i(req0_valid),
      .req0_addr_i (req0_addr),
      .req0_beats_i(req0_beats),
      .req0_ready_o(req0_ready),
      .req1_valid_i(req1_valid),
      .req1_addr_i (req1_addr),
      .req1_beats_i(req1_beats),
      .req1_ready_o(req1_ready),
      .r0_valid_o  (r0_valid),
      .r1_valid_o  (r1_valid),
      .r_data_o    (r_data),
      .r_error_o   (r_error),
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .m_axi_rvalid,
      .m_axi_rready
  );

  tsr_axi_write u_axi_write (
      .clk_i,
      .rst_ni,
      .abort_i    (abort),
      .idle_o     (write_idle),
      .req_valid_i(wreq_valid),
      .req_addr_i (wreq_addr),
      .req_beats_i(wreq_beats),
      .req_last_i (wreq_last),
      .req_ready_o(wreq_ready),
      .w_valid_i  (w_valid),
      .w_data_i   (w_data),
      .w_strb_i   (w_strb),
      .w_ready_o  (w_ready),
      .b_last_o   (b_last),
      .b_error_o  (b_error),
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_bresp,
      .m_axi_bvalid,
      .m_axi_bready
  );

  assign bus_idle = read_idle && write_idle;

  // Size of a beat; bursts increment; normal, modifiable, bufferable memory; unprivileged secure data.
  assign m_axi_arsize  = 3'($clog2(BusBytes));
  assign m_axi_arburst = 2'b01;
  assign m_axi_arcache = 4'b0011;
  assign m_axi_arprot  = 3'b000;
  assign m_axi_awsize  = 3'($clog2(BusBytes));
  assign m_axi_awburst = 2'b01;
  assign m_axi_awcache = 4'b0011;
  assign m_axi_awprot  = 3'b000;

  // ---- status ----------------------------------------------------------------------------------------------------------
  logic [4:0] waiting;
  assign unit_useful[Load]  = load_moved;
  assign unit_useful[Store] = store_moved;
  assign unit_bank[Load]    = 1'b0;
  assign unit_bank[Store]   = 1'b0;
  assign waiting            = halt ? below_q : head_valid;
  assign unit_waiting       = {waiting[4:2], waiting[1] || waiting[0]};
  assign quiet              = unit_active == 4'd0 && unit_waiting == 4'd0;

  // Debug: 4 bits a unit from LOAD up: active, waiting for a token, waiting for a bank, an instruction at the queue's head; as it
  // was when the host asked, a clock before the register is read.
  for (genvar u = 0; u < 4; u++) begin : g_state
    always_ff @(posedge clk_i)
      if (s_axi_arvalid) state_q[4*u+:4] <= {unit_waiting[u], unit_bank[u], unit_token[u], unit_active[u]};
  end

  // A memory unit that has an instruction, or one coming out of its pipeline, and moves nothing waits for memory. Between
  // their last and first micro-op GEMM and ALU count as without an instruction.
  logic [3:0] unit_memory;
  assign unit_memory[Load]  = unit_active[Load] || ahead_valid || back_valid;
  assign unit_memory[Gemm]  = 1'b0;
  assign unit_memory[Alu]   = 1'b0;
  assign unit_memory[Store] = unit_active[Store] || store_valid;

  tsr_counters u_counters (
      .clk_i,
      .rst_ni,
      .start_i        (start_ack),
      .count_i        (running),
      .bytes_read_i   (bytes_read),
      .bytes_written_i(bytes_written),
      .gemm_uop_i     (gemm_uop),
      .alu_uop_i      (alu_uop),
      .finish_i       (finish),
      .done_i         (unit_done),
      .busy_i         (unit_useful),
      .token_i        (unit_token),
      .bank_i         (unit_bank),
      .memory_i       (unit_memory),
      .read_i         (count_read),
      .index_i        (count_index),
      .data_o         (count_data)
  );

  logic unused_bits;
  assign unused_bits = ^{s_axi_awprot, s_axi_arprot, insn_count[31:27]};
endmodule
