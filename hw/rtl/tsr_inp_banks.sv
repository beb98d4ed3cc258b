// SPDX-License-Identifier: Apache-2.0
// Input tiles: four banks by the two top index bits, written by LOAD, read by GEMM and the ALU.
//
//     LOAD write (plane, byte address) --> +--------+--------+--------+--------+
//     GEMM read (entry) -----------------> | bank 0 | bank 1 | bank 2 | bank 3 | -> gemm_data_o, alu_data_o
//     ALU read (entry) ------------------> +--------+--------+--------+--------+    (all planes of the entry)
//
// A word is PlaneWord = max(BlockIn, BusBytes) bytes of every plane, so it holds PlaneWord / BlockIn entries.
// Latency: a read is answered in the next cycle (and only there).
//
// 1. In one cycle GEMM and the ALU never read the same bank (bank guard).
// 2. A bus word is written into one plane, byte by byte as ld_strb_i says; a read in the same cycle returns the old value.
// 3. clear_i zeroes word clear_addr_i of every bank.
module tsr_inp_banks #(
  parameter int unsigned Entries = 2048,
  parameter int unsigned Batch = 1,
  parameter int unsigned BlockIn = 16,
  parameter int unsigned BusBytes = 8,
  localparam int unsigned EntryBits = 8 * Batch * BlockIn,
  localparam int unsigned PlaneWord = BlockIn > BusBytes ? BlockIn : BusBytes,
  localparam int unsigned PerWord = PlaneWord / BlockIn,
  localparam int unsigned Depth = Entries / PerWord / 4,
  localparam int unsigned AddrWidth = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                  clk_i,
  input  logic                  clear_i,
  input  logic [15:0]           clear_addr_i,

  input  logic                  ld_we_i,
  input  logic [3:0]            ld_plane_i,
  input  logic [21:0]           ld_addr_i,
  input  logic [BusBytes-1:0]   ld_strb_i,
  input  logic [8*BusBytes-1:0] ld_data_i,

  input  logic                  gemm_re_i,
  input  logic [15:0]           gemm_addr_i,
  output logic [EntryBits-1:0]  gemm_data_o,
  input  logic                  alu_re_i,
  input  logic [15:0]           alu_addr_i,
  output logic [EntryBits-1:0]  alu_data_o
);

  localparam int unsigned Idx = $clog2(Entries);
  localparam int unsigned SegPerPlane = PlaneWord / BusBytes;
  localparam int unsigned NumSeg = Batch * SegPerPlane;
  localparam int unsigned SegWidth = NumSeg > 1 ? $clog2(NumSeg) : 1;
  localparam int unsigned Width = 8 * Batch * PlaneWord;

  // The load port's word, bank and segment.
  logic [21:0]         ld_word;
  logic [1:0]          ld_bank;
  logic [SegWidth-1:0] ld_seg;

  assign ld_word = ld_addr_i / 22'(PlaneWord);
  assign ld_bank = 2'(ld_word / 22'(Depth));
  assign ld_seg = SegWidth'(32'(ld_plane_i) * SegPerPlane + (32'(ld_addr_i) / BusBytes) % SegPerPlane);

  // A bit for each bank.
  logic [3:0] gemm_read, alu_read;

  always_comb begin
    gemm_read = 4'd0;
    alu_read = 4'd0;
    if (gemm_re_i) gemm_read = 4'd1 << gemm_addr_i[Idx-1 -: 2];
    if (alu_re_i) alu_read = 4'd1 << alu_addr_i[Idx-1 -: 2];
  end

  for (genvar b = 0; b < 4; b++) begin : g_bank
    logic [AddrWidth-1:0] raddr;
    logic [Width-1:0] rdata;

    assign raddr = AddrWidth'((gemm_read[b] ? 32'(gemm_addr_i) : 32'(alu_addr_i)) / PerWord);

    tsr_sram #(
      .Depth      (Depth),
      .Width      (Width),
      .WriteWidth (8 * BusBytes),
      .StrbWidth  (8)
    ) u_sram (
      .clk_i        (clk_i),
      .clear_i      (clear_i && {1'b0, clear_addr_i} < 17'(Depth)),
      .clear_addr_i (clear_addr_i[AddrWidth-1:0]),
      .we_i         (ld_we_i && ld_bank == 2'(b)),
      .waddr_i      (ld_word[AddrWidth-1:0]),
      .wseg_i       (ld_seg),
      .wstrb_i      (ld_strb_i),
      .wdata_i      (ld_data_i),
      .re_i         (gemm_read[b] || alu_read[b]),
      .raddr_i      (raddr),
      .rdata_o      (rdata)
    );
  end

  logic [1:0]          gemm_bank_q, alu_bank_q;
  logic [Width-1:0]    gemm_word, alu_word;

  always_ff @(posedge clk_i) begin
    if (gemm_re_i) gemm_bank_q <= gemm_addr_i[Idx-1 -: 2];
    if (alu_re_i) alu_bank_q <= alu_addr_i[Idx-1 -: 2];
  end

  always_comb begin
    unique case (gemm_bank_q)
      2'd0: gemm_word = g_bank[0].rdata;
      2'd1: gemm_word = g_bank[1].rdata;
      2'd2: gemm_word = g_bank[2].rdata;
      default: gemm_word = g_bank[3].rdata;
    endcase
    unique case (alu_bank_q)
      2'd0: alu_word = g_bank[0].rdata;
      2'd1: alu_word = g_bank[1].rdata;
      2'd2: alu_word = g_bank[2].rdata;
      default: alu_word = g_bank[3].rdata;
    endcase
  end

  // The entry's bytes of every plane.
  if (PerWord == 1) begin : g_whole
    assign gemm_data_o = gemm_word;
    assign alu_data_o = alu_word;
  end else begin : g_part
    localparam int unsigned SubWidth = $clog2(PerWord);
    logic [SubWidth-1:0] gemm_sub_q, alu_sub_q;
    always_ff @(posedge clk_i) begin
      if (gemm_re_i) gemm_sub_q <= gemm_addr_i[SubWidth-1:0];
      if (alu_re_i) alu_sub_q <= alu_addr_i[SubWidth-1:0];
    end
    always_comb begin
      for (int unsigned p = 0; p < Batch; p++) begin
        gemm_data_o[8*BlockIn*p +: 8*BlockIn] = gemm_word[8*(PlaneWord*p + BlockIn*32'(gemm_sub_q)) +: 8*BlockIn];
        alu_data_o[8*BlockIn*p +: 8*BlockIn] = alu_word[8*(PlaneWord*p + BlockIn*32'(alu_sub_q)) +: 8*BlockIn];
      end
    end
  end

endmodule
