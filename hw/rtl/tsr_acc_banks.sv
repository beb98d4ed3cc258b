// SPDX-License-Identifier: Apache-2.0
// Accumulators: four banks by the two top index bits, shared by GEMM and the ALU.
//
//     GEMM read, write ---------------+   +--------+--------+--------+--------+
//     ALU early read (source operand) +-> | bank 0 | bank 1 | bank 2 | bank 3 | -> one data output a reader
//     ALU late read (destination)     +   +--------+--------+--------+--------+
//     ALU write ----------------------+      each one read and one write port
//
// Latency: a read is answered in the next cycle (and only there: another reader may use the bank afterwards).
//
// 1. In one cycle no two readers use the same bank and no two writers use the same bank: the bank guard and the ALU's
//    interlock see to it. A reader and a writer may; the read returns the old value.
// 2. clear_i zeroes entry clear_addr_i of every bank.
module tsr_acc_banks #(
  parameter int unsigned Entries = 2048,
  parameter int unsigned Width = 512,
  localparam int unsigned Depth = Entries / 4,
  localparam int unsigned AddrWidth = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic             clk_i,
  input  logic             clear_i,
  input  logic [15:0]      clear_addr_i,

  input  logic             gemm_re_i,
  input  logic [15:0]      gemm_raddr_i,
  output logic [Width-1:0] gemm_rdata_o,
  input  logic             gemm_we_i,
  input  logic [15:0]      gemm_waddr_i,
  input  logic [Width-1:0] gemm_wdata_i,

  input  logic             early_re_i,
  input  logic [15:0]      early_raddr_i,
  output logic [Width-1:0] early_rdata_o,
  input  logic             late_re_i,
  input  logic [15:0]      late_raddr_i,
  output logic [Width-1:0] late_rdata_o,
  input  logic             alu_we_i,
  input  logic [15:0]      alu_waddr_i,
  input  logic [Width-1:0] alu_wdata_i
);

  localparam int unsigned Idx = $clog2(Entries);

  // A bit for each bank.
  logic [3:0] gemm_read, early_read, late_read, gemm_write, alu_write;

  always_comb begin
    gemm_read = 4'd0;
    early_read = 4'd0;
    late_read = 4'd0;
    gemm_write = 4'd0;
    alu_write = 4'd0;
    if (gemm_re_i) gemm_read = 4'd1 << gemm_raddr_i[Idx-1 -: 2];
    if (early_re_i) early_read = 4'd1 << early_raddr_i[Idx-1 -: 2];
    if (late_re_i) late_read = 4'd1 << late_raddr_i[Idx-1 -: 2];
    if (gemm_we_i) gemm_write = 4'd1 << gemm_waddr_i[Idx-1 -: 2];
    if (alu_we_i) alu_write = 4'd1 << alu_waddr_i[Idx-1 -: 2];
  end

  for (genvar b = 0; b < 4; b++) begin : g_bank
    logic [AddrWidth-1:0] raddr, waddr;
    logic [Width-1:0] rdata, wdata;

    assign raddr = AddrWidth'(gemm_read[b] ? gemm_raddr_i : (early_read[b] ? early_raddr_i : late_raddr_i));
    assign waddr = AddrWidth'(gemm_write[b] ? gemm_waddr_i : alu_waddr_i);
    assign wdata = gemm_write[b] ? gemm_wdata_i : alu_wdata_i;

    tsr_sram #(
      .Depth (Depth),
      .Width (Width)
    ) u_sram (
      .clk_i        (clk_i),
      .clear_i      (clear_i && {1'b0, clear_addr_i} < 17'(Depth)),
      .clear_addr_i (clear_addr_i[AddrWidth-1:0]),
      .we_i         (gemm_write[b] || alu_write[b]),
      .waddr_i      (waddr),
      .wseg_i       (1'b0),
      .wstrb_i      (1'b1),
      .wdata_i      (wdata),
      .re_i         (gemm_read[b] || early_read[b] || late_read[b]),
      .raddr_i      (raddr),
      .rdata_o      (rdata)
    );
  end

  logic [1:0] gemm_bank_q, early_bank_q, late_bank_q;

  always_ff @(posedge clk_i) begin
    if (gemm_re_i) gemm_bank_q <= gemm_raddr_i[Idx-1 -: 2];
    if (early_re_i) early_bank_q <= early_raddr_i[Idx-1 -: 2];
    if (late_re_i) late_bank_q <= late_raddr_i[Idx-1 -: 2];
  end

  always_comb begin
    unique case (gemm_bank_q)
      2'd0: gemm_rdata_o = g_bank[0].rdata;
      2'd1: gemm_rdata_o = g_bank[1].rdata;
      2'd2: gemm_rdata_o = g_bank[2].rdata;
      default: gemm_rdata_o = g_bank[3].rdata;
    endcase
    unique case (early_bank_q)
      2'd0: early_rdata_o = g_bank[0].rdata;
      2'd1: early_rdata_o = g_bank[1].rdata;
      2'd2: early_rdata_o = g_bank[2].rdata;
      default: early_rdata_o = g_bank[3].rdata;
    endcase
    unique case (late_bank_q)
      2'd0: late_rdata_o = g_bank[0].rdata;
      2'd1: late_rdata_o = g_bank[1].rdata;
      2'd2: late_rdata_o = g_bank[2].rdata;
      default: late_rdata_o = g_bank[3].rdata;
    endcase
  end

endmodule
