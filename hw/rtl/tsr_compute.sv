// SPDX-License-Identifier: Apache-2.0
// The compute half of the core: GEMM and ALU units, every on-chip memory, and the guard between the two units.
//
//     instruction queue heads, tokens --> +-----------+     +-------------+ <-- LOAD write port
//                                         | tsr_gemm  |<--->|             |
//     status, counters' events, faults <--| tsr_alu   |<--->| tsr_buffers | --> STORE read port
//                                         +-----+-----+     |             |
//                                           tsr_bank_guard  +-------------+ <-> clear
//
// Latency: see tsr_gemm (6 cycles from issue to write), tsr_alu (10) and tsr_issue (3 from take to issue).
//
// 1. clear_i aborts both units and zeroes every memory, clear_busy_o until that is done; the same after reset. The queues,
//    LOAD and STORE must be quiet from clear_i until clear_busy_o falls.
// 2. The load port is always ready, and its words are seen by reads two cycles later; ld_addr_i and st_addr_i are multiples of
//    BusBytes. st_data_o is valid in the cycle after st_re_i and holds.
// 3. Per unit at most one of busy, stall_token and stall_bank is high. busy and uop are the same pulse.
// 4. halt_i stops issue, and clear_i comes before it falls; a unit halted or stopped by its own fault stays active only until its
//    pipeline is empty.
module tsr_compute #(
  parameter int unsigned BusBytes = tsr_cfg_pkg::BusBytes
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  clear_i,
  output logic                  clear_busy_o,
  input  logic                  halt_i,

  input  logic                  ld_we_i,
  input  logic [1:0]            ld_buffer_i,
  input  logic                  ld_diag_i,
  input  logic [3:0]            ld_plane_i,
  input  logic [21:0]           ld_addr_i,
  input  logic [BusBytes-1:0]   ld_strb_i,
  input  logic [8*BusBytes-1:0] ld_data_i,

  input  logic                  st_re_i,
  input  logic [3:0]            st_plane_i,
  input  logic [21:0]           st_addr_i,
  output logic [8*BusBytes-1:0] st_data_o,

  input  logic                  gemm_valid_i,
  input  logic [255:0]          gemm_insn_i,
  input  logic [31:0]           gemm_index_i,
  output logic                  gemm_ready_o,
  input  logic [3:0]            gemm_tok_avail_i,
  output logic [3:0]            gemm_tok_take_o,
  output logic [3:0]            gemm_tok_give_o,
  output logic                  gemm_busy_o,
  output logic                  gemm_stall_token_o,
  output logic                  gemm_stall_bank_o,
  output logic                  gemm_active_o,
  output logic                  gemm_done_o,
  output logic                  gemm_uop_o,
  output logic                  gemm_fault_o,
  output logic [7:0]            gemm_fault_code_o,
  output logic [31:0]           gemm_fault_index_o,

  input  logic                  alu_valid_i,
  input  logic [255:0]          alu_insn_i,
  input  logic [31:0]           alu_index_i,
  output logic                  alu_ready_o,
  input  logic [3:0]            alu_tok_avail_i,
  output logic [3:0]            alu_tok_take_o,
  output logic [3:0]            alu_tok_give_o,
  output logic                  alu_busy_o,
  output logic                  alu_stall_token_o,
  output logic                  alu_stall_bank_o,
  output logic                  alu_active_o,
  output logic                  alu_done_o,
  output logic                  alu_uop_o,
  output logic                  alu_fault_o,
  output logic [7:0]            alu_fault_code_o,
  output logic [31:0]           alu_fault_index_o
);

  localparam int unsigned Batch = tsr_cfg_pkg::Batch;
  localparam int unsigned BlockIn = tsr_cfg_pkg::BlockIn;
  localparam int unsigned BlockOut = tsr_cfg_pkg::BlockOut;
  localparam int unsigned InpBits = 8 * Batch * BlockIn;
  localparam int unsigned WgtBits = 8 * BlockIn * BlockOut;
  localparam int unsigned AccBits = 32 * Batch * BlockOut;
  localparam int unsigned OutBits = 8 * Batch * BlockOut;
  localparam int unsigned ParBits = 96 * BlockOut;

  logic               flush;
  logic               gemm_ask, alu_dst_ask, alu_src_ask, alu_inp_ask, gemm_grant, alu_grant;
  logic [1:0]         gemm_acc_bank, gemm_inp_bank, alu_dst_bank, alu_src_bank, alu_inp_bank;
  logic [3:0]         gemm_acc_busy, alu_acc_busy;

  logic               gemm_uop_re, gemm_inp_re, gemm_wgt_re, gemm_acc_re, gemm_acc_we;
  logic [15:0]        gemm_uop_addr, gemm_inp_addr, gemm_wgt_addr, gemm_acc_raddr, gemm_acc_waddr;
  logic [63:0]        gemm_uop_data;
  logic [InpBits-1:0] gemm_inp_data;
  logic [WgtBits-1:0] gemm_wgt_data;
  logic [AccBits-1:0] gemm_acc_rdata, gemm_acc_wdata;

  logic               alu_uop_re, alu_inp_re, alu_par_re, alu_early_re, alu_late_re, alu_acc_we, alu_out_we;
  logic [15:0]        alu_uop_addr, alu_inp_addr, alu_par_addr, alu_early_addr, alu_late_addr, alu_acc_waddr;
  logic [15:0]        alu_out_waddr;
  logic [63:0]        alu_uop_data;
  logic [InpBits-1:0] alu_inp_data;
  logic [ParBits-1:0] alu_par_data;
  logic [AccBits-1:0] alu_early_data, alu_late_data, alu_acc_wdata;
  logic [OutBits-1:0] alu_out_wdata;

  assign flush = clear_i;
  assign gemm_uop_o = gemm_busy_o;
  assign alu_uop_o = alu_busy_o;

  tsr_bank_guard u_guard (
    .gemm_ask_i    (gemm_ask),
    .gemm_acc_i    (gemm_acc_bank),
    .gemm_inp_i    (gemm_inp_bank),
    .gemm_busy_i   (gemm_acc_busy),
    .gemm_grant_o  (gemm_grant),
    .alu_dst_ask_i (alu_dst_ask),
    .alu_src_ask_i (alu_src_ask),
    .alu_inp_ask_i (alu_inp_ask),
    .alu_dst_i     (alu_dst_bank),
    .alu_src_i     (alu_src_bank),
    .alu_inp_i     (alu_inp_bank),
    .alu_busy_i    (alu_acc_busy),
    .alu_grant_o   (alu_grant)
  );

  tsr_gemm u_gemm (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .flush_i       (flush),
    .halt_i        (halt_i),
    .valid_i       (gemm_valid_i),
    .insn_i        (gemm_insn_i),
    .index_i       (gemm_index_i),
    .ready_o       (gemm_ready_o),
    .tok_avail_i   (gemm_tok_avail_i),
    .tok_take_o    (gemm_tok_take_o),
    .tok_give_o    (gemm_tok_give_o),
    .uop_re_o      (gemm_uop_re),
    .uop_addr_o    (gemm_uop_addr),
    .uop_data_i    (gemm_uop_data),
    .inp_re_o      (gemm_inp_re),
    .inp_addr_o    (gemm_inp_addr),
    .inp_data_i    (gemm_inp_data),
    .wgt_re_o      (gemm_wgt_re),
    .wgt_addr_o    (gemm_wgt_addr),
    .wgt_data_i    (gemm_wgt_data),
    .acc_re_o      (gemm_acc_re),
    .acc_raddr_o   (gemm_acc_raddr),
    .acc_rdata_i   (gemm_acc_rdata),
    .acc_we_o      (gemm_acc_we),
    .acc_waddr_o   (gemm_acc_waddr),
    .acc_wdata_o   (gemm_acc_wdata),
    .ask_o         (gemm_ask),
    .acc_bank_o    (gemm_acc_bank),
    .inp_bank_o    (gemm_inp_bank),
    .acc_busy_o    (gemm_acc_busy),
    .grant_i       (gemm_grant),
    .busy_o        (gemm_busy_o),
    .stall_token_o (gemm_stall_token_o),
    .stall_bank_o  (gemm_stall_bank_o),
    .active_o      (gemm_active_o),
    .done_o        (gemm_done_o),
    .fault_o       (gemm_fault_o),
    .fault_code_o  (gemm_fault_code_o),
    .fault_index_o (gemm_fault_index_o)
  );

  tsr_alu u_alu (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .flush_i       (flush),
    .halt_i        (halt_i),
    .valid_i       (alu_valid_i),
    .insn_i        (alu_insn_i),
    .index_i       (alu_index_i),
    .ready_o       (alu_ready_o),
    .tok_avail_i   (alu_tok_avail_i),
    .tok_take_o    (alu_tok_take_o),
    .tok_give_o    (alu_tok_give_o),
    .uop_re_o      (alu_uop_re),
    .uop_addr_o    (alu_uop_addr),
    .uop_data_i    (alu_uop_data),
    .inp_re_o      (alu_inp_re),
    .inp_addr_o    (alu_inp_addr),
    .inp_data_i    (alu_inp_data),
    .par_re_o      (alu_par_re),
    .par_addr_o    (alu_par_addr),
    .par_data_i    (alu_par_data),
    .early_re_o    (alu_early_re),
    .early_addr_o  (alu_early_addr),
    .early_data_i  (alu_early_data),
    .late_re_o     (alu_late_re),
    .late_addr_o   (alu_late_addr),
    .late_data_i   (alu_late_data),
    .acc_we_o      (alu_acc_we),
    .acc_waddr_o   (alu_acc_waddr),
    .acc_wdata_o   (alu_acc_wdata),
    .out_we_o      (alu_out_we),
    .out_waddr_o   (alu_out_waddr),
    .out_wdata_o   (alu_out_wdata),
    .dst_ask_o     (alu_dst_ask),
    .src_ask_o     (alu_src_ask),
    .inp_ask_o     (alu_inp_ask),
    .dst_bank_o    (alu_dst_bank),
    .src_bank_o    (alu_src_bank),
    .inp_bank_o    (alu_inp_bank),
    .acc_busy_o    (alu_acc_busy),
    .grant_i       (alu_grant),
    .busy_o        (alu_busy_o),
    .stall_token_o (alu_stall_token_o),
    .stall_bank_o  (alu_stall_bank_o),
    .active_o      (alu_active_o),
    .done_o        (alu_done_o),
    .fault_o       (alu_fault_o),
    .fault_code_o  (alu_fault_code_o),
    .fault_index_o (alu_fault_index_o)
  );

  tsr_buffers u_buffers (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .clear_i          (clear_i),
    .clear_busy_o     (clear_busy_o),
    .ld_we_i          (ld_we_i),
    .ld_buffer_i      (ld_buffer_i),
    .ld_diag_i        (ld_diag_i),
    .ld_plane_i       (ld_plane_i),
    .ld_addr_i        (ld_addr_i),
    .ld_strb_i        (ld_strb_i),
    .ld_data_i        (ld_data_i),
    .st_re_i          (st_re_i),
    .st_plane_i       (st_plane_i),
    .st_addr_i        (st_addr_i),
    .st_data_o        (st_data_o),
    .gemm_uop_re_i    (gemm_uop_re),
    .gemm_uop_addr_i  (gemm_uop_addr),
    .gemm_uop_data_o  (gemm_uop_data),
    .gemm_inp_re_i    (gemm_inp_re),
    .gemm_inp_addr_i  (gemm_inp_addr),
    .gemm_inp_data_o  (gemm_inp_data),
    .gemm_wgt_re_i    (gemm_wgt_re),
    .gemm_wgt_addr_i  (gemm_wgt_addr),
    .gemm_wgt_data_o  (gemm_wgt_data),
    .gemm_acc_re_i    (gemm_acc_re),
    .gemm_acc_raddr_i (gemm_acc_raddr),
    .gemm_acc_rdata_o (gemm_acc_rdata),
    .gemm_acc_we_i    (gemm_acc_we),
    .gemm_acc_waddr_i (gemm_acc_waddr),
    .gemm_acc_wdata_i (gemm_acc_wdata),
    .alu_uop_re_i     (alu_uop_re),
    .alu_uop_addr_i   (alu_uop_addr),
    .alu_uop_data_o   (alu_uop_data),
    .alu_inp_re_i     (alu_inp_re),
    .alu_inp_addr_i   (alu_inp_addr),
    .alu_inp_data_o   (alu_inp_data),
    .alu_par_re_i     (alu_par_re),
    .alu_par_addr_i   (alu_par_addr),
    .alu_par_data_o   (alu_par_data),
    .alu_early_re_i   (alu_early_re),
    .alu_early_addr_i (alu_early_addr),
    .alu_early_data_o (alu_early_data),
    .alu_late_re_i    (alu_late_re),
    .alu_late_addr_i  (alu_late_addr),
    .alu_late_data_o  (alu_late_data),
    .alu_acc_we_i     (alu_acc_we),
    .alu_acc_waddr_i  (alu_acc_waddr),
    .alu_acc_wdata_i  (alu_acc_wdata),
    .alu_out_we_i     (alu_out_we),
    .alu_out_waddr_i  (alu_out_waddr),
    .alu_out_wdata_i  (alu_out_wdata)
  );

endmodule
