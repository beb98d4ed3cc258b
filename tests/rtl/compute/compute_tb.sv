// SPDX-License-Identifier: Apache-2.0
// Test bench top: the compute half with its tokens, ports of one width for every configuration, and a view of ACC.
//
//     compute_test.cpp -> queue heads, load and store ports, tokens of LOAD and STORE -> +-------------+
//                         peek_* <-------------------------------------------------------| tsr_compute |
//                                                                                        | tsr_tokens  |
//                                                                                        +-------------+
module compute_tb (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         clear_i,
  output logic         clear_busy_o,
  input  logic         halt_i,

  input  logic         ld_we_i,
  input  logic [1:0]   ld_buffer_i,
  input  logic         ld_diag_i,
  input  logic [3:0]   ld_plane_i,
  input  logic [21:0]  ld_addr_i,
  input  logic [63:0]  ld_strb_i,
  input  logic [511:0] ld_data_i,
  input  logic         st_re_i,
  input  logic [3:0]   st_plane_i,
  input  logic [21:0]  st_addr_i,
  output logic [511:0] st_data_o,

  input  logic [3:0]   take_load_i,
  input  logic [3:0]   take_store_i,
  input  logic [3:0]   give_load_i,
  input  logic [3:0]   give_store_i,
  output logic [3:0]   avail_load_o,
  output logic [3:0]   avail_store_o,

  input  logic         gemm_valid_i,
  input  logic [255:0] gemm_insn_i,
  input  logic [31:0]  gemm_index_i,
  output logic         gemm_ready_o,
  output logic [4:0]   gemm_status_o,   // uop, active, stall_bank, stall_token, busy
  output logic         gemm_done_o,
  output logic         gemm_fault_o,
  output logic [7:0]   gemm_fault_code_o,
  output logic [31:0]  gemm_fault_index_o,

  input  logic         alu_valid_i,
  input  logic [255:0] alu_insn_i,
  input  logic [31:0]  alu_index_i,
  output logic         alu_ready_o,
  output logic [4:0]   alu_status_o,
  output logic         alu_done_o,
  output logic         alu_fault_o,
  output logic [7:0]   alu_fault_code_o,
  output logic [31:0]  alu_fault_index_o,

  output logic [31:0]  batch_o,
  output logic [31:0]  block_in_o,
  output logic [31:0]  block_out_o,
  output logic [31:0]  bus_bytes_o,
  output logic [31:0]  uop_bytes_o,
  output logic [31:0]  inp_bytes_o,
  output logic [31:0]  wgt_bytes_o,
  output logic [31:0]  acc_bytes_o,
  output logic [31:0]  out_bytes_o,
  output logic [31:0]  par_bytes_o,

  input  logic         peek_i,
  input  logic [15:0]  peek_entry_i,
  input  logic [15:0]  peek_lane_i,
  output logic [31:0]  peek_o
);

  localparam int unsigned BusBytes = tsr_cfg_pkg::BusBytes;
  localparam int unsigned AccDepth = tsr_cfg_pkg::AccBytes / (16 * tsr_cfg_pkg::Batch * tsr_cfg_pkg::BlockOut);

  assign batch_o = tsr_cfg_pkg::Batch;
  assign block_in_o = tsr_cfg_pkg::BlockIn;
  assign block_out_o = tsr_cfg_pkg::BlockOut;
  assign bus_bytes_o = BusBytes;
  assign uop_bytes_o = tsr_cfg_pkg::UopBytes;
  assign inp_bytes_o = tsr_cfg_pkg::InpBytes;
  assign wgt_bytes_o = tsr_cfg_pkg::WgtBytes;
  assign acc_bytes_o = tsr_cfg_pkg::AccBytes;
  assign out_bytes_o = tsr_cfg_pkg::OutBytes;
  assign par_bytes_o = tsr_cfg_pkg::ParBytes;

  logic [8*BusBytes-1:0] st_data;
  logic [3:0] gemm_avail, gemm_take, gemm_give, alu_avail, alu_take, alu_give;

  assign st_data_o = 512'(st_data);

  tsr_tokens u_tokens (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .clear_i       (clear_i),
    .take_load_i   (take_load_i),
    .take_gemm_i   (gemm_take),
    .take_alu_i    (alu_take),
    .take_store_i  (take_store_i),
    .give_load_i   (give_load_i),
    .give_gemm_i   (gemm_give),
    .give_alu_i    (alu_give),
    .give_store_i  (give_store_i),
    .avail_load_o  (avail_load_o),
    .avail_gemm_o  (gemm_avail),
    .avail_alu_o   (alu_avail),
    .avail_store_o (avail_store_o)
  );

  tsr_compute u_compute (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .clear_i            (clear_i),
    .clear_busy_o       (clear_busy_o),
    .halt_i             (halt_i),
    .ld_we_i            (ld_we_i),
    .ld_buffer_i        (ld_buffer_i),
    .ld_diag_i          (ld_diag_i),
    .ld_plane_i         (ld_plane_i),
    .ld_addr_i          (ld_addr_i),
    .ld_strb_i          (ld_strb_i[BusBytes-1:0]),
    .ld_data_i          (ld_data_i[8*BusBytes-1:0]),
    .st_re_i            (st_re_i),
    .st_plane_i         (st_plane_i),
    .st_addr_i          (st_addr_i),
    .st_data_o          (st_data),
    .gemm_valid_i       (gemm_valid_i),
    .gemm_insn_i        (gemm_insn_i),
    .gemm_index_i       (gemm_index_i),
    .gemm_ready_o       (gemm_ready_o),
    .gemm_tok_avail_i   (gemm_avail),
    .gemm_tok_take_o    (gemm_take),
    .gemm_tok_give_o    (gemm_give),
    .gemm_busy_o        (gemm_status_o[0]),
    .gemm_stall_token_o (gemm_status_o[1]),
    .gemm_stall_bank_o  (gemm_status_o[2]),
    .gemm_active_o      (gemm_status_o[3]),
    .gemm_done_o        (gemm_done_o),
    .gemm_uop_o         (gemm_status_o[4]),
    .gemm_fault_o       (gemm_fault_o),
    .gemm_fault_code_o  (gemm_fault_code_o),
    .gemm_fault_index_o (gemm_fault_index_o),
    .alu_valid_i        (alu_valid_i),
    .alu_insn_i         (alu_insn_i),
    .alu_index_i        (alu_index_i),
    .alu_ready_o        (alu_ready_o),
    .alu_tok_avail_i    (alu_avail),
    .alu_tok_take_o     (alu_take),
    .alu_tok_give_o     (alu_give),
    .alu_busy_o         (alu_status_o[0]),
    .alu_stall_token_o  (alu_status_o[1]),
    .alu_stall_bank_o   (alu_status_o[2]),
    .alu_active_o       (alu_status_o[3]),
    .alu_done_o         (alu_done_o),
    .alu_uop_o          (alu_status_o[4]),
    .alu_fault_o        (alu_fault_o),
    .alu_fault_code_o   (alu_fault_code_o),
    .alu_fault_index_o  (alu_fault_index_o)
  );

  localparam int unsigned AccBits = 32 * tsr_cfg_pkg::Batch * tsr_cfg_pkg::BlockOut;
  logic [AccBits-1:0] peek_word;

`ifdef TSR_SRAM_PORTABLE
`define ACC_MEMORY(bank) u_compute.u_buffers.u_acc.g_bank[bank].u_sram.g_seg[0].mem
`else
`define ACC_MEMORY(bank) u_compute.u_buffers.u_acc.g_bank[bank].u_sram.mem
`endif

  always_comb begin
    peek_word = '0;
    if (peek_i) begin
      case (32'(peek_entry_i) / AccDepth)
        0: peek_word = `ACC_MEMORY(0)[32'(peek_entry_i) % AccDepth];
        1: peek_word = `ACC_MEMORY(1)[32'(peek_entry_i) % AccDepth];
        2: peek_word = `ACC_MEMORY(2)[32'(peek_entry_i) % AccDepth];
        default: peek_word = `ACC_MEMORY(3)[32'(peek_entry_i) % AccDepth];
      endcase
    end
  end

  assign peek_o = peek_word[32 * 32'(peek_lane_i) +: 32];

endmodule
