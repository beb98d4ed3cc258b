// SPDX-License-Identifier: Apache-2.0
// All on-chip memories, with the ports that the four units have into them.
//
//     LOAD write ----> INP (4 banks) ---> GEMM, ALU          ALU write ---> OUT ---> STORE read
//                 |--> WGT -------------> GEMM               GEMM, ALU <--> ACC (4 banks)
//                 |--> UOP, two copies -> GEMM | ALU
//                 +--> PAR -------------> ALU                clear_i -----> all of them
//
// Latency: reads are answered in the next cycle. UOP and OUT data are held until the next read of the same port; the others
// are taken at once by their unit. A write by GEMM or ALU is seen by reads presented from the next cycle on, one by LOAD, which
// goes through a register, from the cycle after that on.
//
// 1. A LOAD word is BusBytes aligned bytes with strobes. INP: byte address in the plane. WGT, UOP, PAR: in the buffer; WGT
//    with ld_diag_i: the address counts source bytes (entry * BlockOut + lane).
// 2. Memory words are as wide as an entry or the bus, whichever is more (WGT: whole tiles; PAR: 3 * max(4 * BlockOut,
//    BusBytes) bytes, because an entry is 12 * BlockOut), so a bus word never crosses a memory word.
// 3. clear_i starts zeroing every memory, one word of each a cycle; clear_busy_o until done. Also after reset. Nothing else
//    may use a port in that time.
module tsr_buffers #(
  parameter int unsigned Batch = tsr_cfg_pkg::Batch,
  parameter int unsigned BlockIn = tsr_cfg_pkg::BlockIn,
  parameter int unsigned BlockOut = tsr_cfg_pkg::BlockOut,
  parameter int unsigned BusBytes = tsr_cfg_pkg::BusBytes,
  parameter int unsigned UopBytes = tsr_cfg_pkg::UopBytes,
  parameter int unsigned InpBytes = tsr_cfg_pkg::InpBytes,
  parameter int unsigned WgtBytes = tsr_cfg_pkg::WgtBytes,
  parameter int unsigned AccBytes = tsr_cfg_pkg::AccBytes,
  parameter int unsigned OutBytes = tsr_cfg_pkg::OutBytes,
  parameter int unsigned ParBytes = tsr_cfg_pkg::ParBytes,
  localparam int unsigned InpBits = 8 * Batch * BlockIn,
  localparam int unsigned WgtBits = 8 * BlockIn * BlockOut,
  localparam int unsigned AccBits = 32 * Batch * BlockOut,
  localparam int unsigned OutBits = 8 * Batch * BlockOut,
  localparam int unsigned ParBits = 96 * BlockOut
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  clear_i,
  output logic                  clear_busy_o,

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

  input  logic                  gemm_uop_re_i,
  input  logic [15:0]           gemm_uop_addr_i,
  output logic [63:0]           gemm_uop_data_o,
  input  logic                  gemm_inp_re_i,
  input  logic [15:0]           gemm_inp_addr_i,
  output logic [InpBits-1:0]    gemm_inp_data_o,
  input  logic                  gemm_wgt_re_i,
  input  logic [15:0]           gemm_wgt_addr_i,
  output logic [WgtBits-1:0]    gemm_wgt_data_o,
  input  logic                  gemm_acc_re_i,
  input  logic [15:0]           gemm_acc_raddr_i,
  output logic [AccBits-1:0]    gemm_acc_rdata_o,
  input  logic                  gemm_acc_we_i,
  input  logic [15:0]           gemm_acc_waddr_i,
  input  logic [AccBits-1:0]    gemm_acc_wdata_i,

  input  logic                  alu_uop_re_i,
  input  logic [15:0]           alu_uop_addr_i,
  output logic [63:0]           alu_uop_data_o,
  input  logic                  alu_inp_re_i,
  input  logic [15:0]           alu_inp_addr_i,
  output logic [InpBits-1:0]    alu_inp_data_o,
  input  logic                  alu_par_re_i,
  input  logic [15:0]           alu_par_addr_i,
  output logic [ParBits-1:0]    alu_par_data_o,
  input  logic                  alu_early_re_i,
  input  logic [15:0]           alu_early_addr_i,
  output logic [AccBits-1:0]    alu_early_data_o,
  input  logic                  alu_late_re_i,
  input  logic [15:0]           alu_late_addr_i,
  output logic [AccBits-1:0]    alu_late_data_o,
  input  logic                  alu_acc_we_i,
  input  logic [15:0]           alu_acc_waddr_i,
  input  logic [AccBits-1:0]    alu_acc_wdata_i,
  input  logic                  alu_out_we_i,
  input  logic [15:0]           alu_out_waddr_i,
  input  logic [OutBits-1:0]    alu_out_wdata_i
);

  function automatic int unsigned at_least(input int unsigned a, input int unsigned b);
    at_least = a > b ? a : b;
  endfunction

  // Words of each memory (INP and ACC: of a bank).
  localparam int unsigned InpEntries = InpBytes / (Batch * BlockIn);
  localparam int unsigned AccEntries = AccBytes / (4 * Batch * BlockOut);
  localparam int unsigned InpDepth = InpBytes / Batch / at_least(BlockIn, BusBytes) / 4;
  localparam int unsigned AccDepth = AccEntries / 4;
  localparam int unsigned WgtDepth = WgtBytes / (BlockIn * at_least(BlockOut, BusBytes));
  localparam int unsigned UopDepth = UopBytes / BusBytes;
  localparam int unsigned ParWord = 3 * at_least(4 * BlockOut, BusBytes);
  localparam int unsigned ParDepth = (ParBytes + ParWord - 1) / ParWord;
  localparam int unsigned OutWord = at_least(BlockOut, BusBytes);
  localparam int unsigned OutDepth = OutBytes / Batch / OutWord;
  localparam int unsigned MaxDepth = at_least(at_least(at_least(InpDepth, AccDepth), at_least(WgtDepth, UopDepth)),
                                              at_least(ParDepth, OutDepth));

  localparam int unsigned WgtAddr = WgtDepth > 1 ? $clog2(WgtDepth) : 1;
  localparam int unsigned UopAddr = UopDepth > 1 ? $clog2(UopDepth) : 1;
  localparam int unsigned ParAddr = ParDepth > 1 ? $clog2(ParDepth) : 1;
  localparam int unsigned OutAddr = OutDepth > 1 ? $clog2(OutDepth) : 1;

  // Clear: a counter over the deepest memory.
  logic        clear_q;
  logic [15:0] clear_addr_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      clear_q <= 1'b1;
      clear_addr_q <= 16'd0;
    end else if (clear_q) begin
      clear_q <= clear_addr_q != 16'(MaxDepth - 1);
      clear_addr_q <= clear_addr_q + 16'd1;
    end
  end

  assign clear_busy_o = clear_q;

  // LOAD's port, registered: where a word goes in PAR takes a clock to find out.
  logic                  ld_we_q, ld_diag_q;
  logic [1:0]            ld_buffer_q;
  logic [3:0]            ld_plane_q;
  logic [21:0]           ld_addr_q;
  logic [BusBytes-1:0]   ld_strb_q;
  logic [8*BusBytes-1:0] ld_data_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) ld_we_q <= 1'b0;
    else ld_we_q <= ld_we_i;
    if (ld_we_i) begin
      ld_buffer_q <= ld_buffer_i;
      ld_diag_q <= ld_diag_i;
      ld_plane_q <= ld_plane_i;
      ld_addr_q <= ld_addr_i;
      ld_strb_q <= ld_strb_i;
      ld_data_q <= ld_data_i;
    end
  end

  // INP.
  tsr_inp_banks #(
    .Entries  (InpEntries),
    .Batch    (Batch),
    .BlockIn  (BlockIn),
    .BusBytes (BusBytes)
  ) u_inp (
    .clk_i        (clk_i),
    .clear_i      (clear_q),
    .clear_addr_i (clear_addr_q),
    .ld_we_i      (ld_we_q && ld_buffer_q == 2'(tsr_isa_pkg::BufInp)),
    .ld_plane_i   (ld_plane_q),
    .ld_addr_i    (ld_addr_q),
    .ld_strb_i    (ld_strb_q),
    .ld_data_i    (ld_data_q),
    .gemm_re_i    (gemm_inp_re_i),
    .gemm_addr_i  (gemm_inp_addr_i),
    .gemm_data_o  (gemm_inp_data_o),
    .alu_re_i     (alu_inp_re_i),
    .alu_addr_i   (alu_inp_addr_i),
    .alu_data_o   (alu_inp_data_o)
  );

  // ACC.
  tsr_acc_banks #(
    .Entries (AccEntries),
    .Width   (AccBits)
  ) u_acc (
    .clk_i         (clk_i),
    .clear_i       (clear_q),
    .clear_addr_i  (clear_addr_q),
    .gemm_re_i     (gemm_acc_re_i),
    .gemm_raddr_i  (gemm_acc_raddr_i),
    .gemm_rdata_o  (gemm_acc_rdata_o),
    .gemm_we_i     (gemm_acc_we_i),
    .gemm_waddr_i  (gemm_acc_waddr_i),
    .gemm_wdata_i  (gemm_acc_wdata_i),
    .early_re_i    (alu_early_re_i),
    .early_raddr_i (alu_early_addr_i),
    .early_rdata_o (alu_early_data_o),
    .late_re_i     (alu_late_re_i),
    .late_raddr_i  (alu_late_addr_i),
    .late_rdata_o  (alu_late_data_o),
    .alu_we_i      (alu_acc_we_i),
    .alu_waddr_i   (alu_acc_waddr_i),
    .alu_wdata_i   (alu_acc_wdata_i)
  );

  // WGT.
  localparam int unsigned WgtRows = at_least(BlockOut, BusBytes);
  localparam int unsigned WgtWord = WgtRows * BlockIn;
  localparam int unsigned WgtSegs = WgtWord / BusBytes;
  localparam int unsigned WgtSeg = WgtSegs > 1 ? $clog2(WgtSegs) : 1;
  localparam int unsigned WgtPerWord = WgtRows / BlockOut;

  logic [WgtAddr-1:0]   wgt_waddr;
  logic [WgtSeg-1:0]    wgt_group;
  logic [8*WgtWord-1:0] wgt_word;

  assign wgt_waddr = ld_diag_q ? WgtAddr'(32'(ld_addr_q) / WgtRows) : WgtAddr'(32'(ld_addr_q) / WgtWord);
  assign wgt_group = ld_diag_q ? WgtSeg'((32'(ld_addr_q) / BusBytes) % (WgtRows / BusBytes))
                               : WgtSeg'((32'(ld_addr_q) / BusBytes) % WgtSegs);

  tsr_wgt_sram #(
    .Depth    (WgtDepth),
    .BlockIn  (BlockIn),
    .BlockOut (BlockOut),
    .BusBytes (BusBytes)
  ) u_wgt (
    .clk_i        (clk_i),
    .clear_i      (clear_q && {1'b0, clear_addr_q} < 17'(WgtDepth)),
    .clear_addr_i (clear_addr_q[WgtAddr-1:0]),
    .we_i         (ld_we_q && ld_buffer_q == 2'(tsr_isa_pkg::BufWgt)),
    .diag_i       (ld_diag_q),
    .waddr_i      (wgt_waddr),
    .wgroup_i     (wgt_group),
    .wstrb_i      (ld_strb_q),
    .wdata_i      (ld_data_q),
    .re_i         (gemm_wgt_re_i),
    .raddr_i      (WgtAddr'(32'(gemm_wgt_addr_i) / WgtPerWord)),
    .rdata_o      (wgt_word)
  );

  if (WgtPerWord == 1) begin : g_wgt_whole
    assign gemm_wgt_data_o = wgt_word;
  end else begin : g_wgt_part
    localparam int unsigned SubWidth = $clog2(WgtPerWord);
    logic [SubWidth-1:0] sub_q;
    always_ff @(posedge clk_i) if (gemm_wgt_re_i) sub_q <= gemm_wgt_addr_i[SubWidth-1:0];
    assign gemm_wgt_data_o = wgt_word[WgtBits*32'(sub_q) +: WgtBits];
  end

  // UOP: the same contents twice, a read port for each reader.
  localparam int unsigned UopPerWord = BusBytes / 8;
  logic [8*BusBytes-1:0] gemm_uop_word, alu_uop_word;
  logic                  uop_we, uop_clear;

  assign uop_we = ld_we_q && ld_buffer_q == 2'(tsr_isa_pkg::BufUop);
  assign uop_clear = clear_q && {1'b0, clear_addr_q} < 17'(UopDepth);

  tsr_sram #(
    .Depth      (UopDepth),
    .Width      (8 * BusBytes),
    .StrbWidth  (8)
  ) u_gemm_uop (
    .clk_i        (clk_i),
    .clear_i      (uop_clear),
    .clear_addr_i (clear_addr_q[UopAddr-1:0]),
    .we_i         (uop_we),
    .waddr_i      (UopAddr'(32'(ld_addr_q) / BusBytes)),
    .wseg_i       (1'b0),
    .wstrb_i      (ld_strb_q),
    .wdata_i      (ld_data_q),
    .re_i         (gemm_uop_re_i),
    .raddr_i      (UopAddr'(32'(gemm_uop_addr_i) / UopPerWord)),
    .rdata_o      (gemm_uop_word)
  );

  tsr_sram #(
    .Depth      (UopDepth),
    .Width      (8 * BusBytes),
    .StrbWidth  (8)
  ) u_alu_uop (
    .clk_i        (clk_i),
    .clear_i      (uop_clear),
    .clear_addr_i (clear_addr_q[UopAddr-1:0]),
    .we_i         (uop_we),
    .waddr_i      (UopAddr'(32'(ld_addr_q) / BusBytes)),
    .wseg_i       (1'b0),
    .wstrb_i      (ld_strb_q),
    .wdata_i      (ld_data_q),
    .re_i         (alu_uop_re_i),
    .raddr_i      (UopAddr'(32'(alu_uop_addr_i) / UopPerWord)),
    .rdata_o      (alu_uop_word)
  );

  if (UopPerWord == 1) begin : g_uop_whole
    assign gemm_uop_data_o = gemm_uop_word;
    assign alu_uop_data_o = alu_uop_word;
  end else begin : g_uop_part
    localparam int unsigned SubWidth = $clog2(UopPerWord);
    logic [SubWidth-1:0] gemm_sub_q, alu_sub_q;
    always_ff @(posedge clk_i) begin
      if (gemm_uop_re_i) gemm_sub_q <= gemm_uop_addr_i[SubWidth-1:0];
      if (alu_uop_re_i) alu_sub_q <= alu_uop_addr_i[SubWidth-1:0];
    end
    assign gemm_uop_data_o = gemm_uop_word[64*32'(gemm_sub_q) +: 64];
    assign alu_uop_data_o = alu_uop_word[64*32'(alu_sub_q) +: 64];
  end

  // PAR: a word is three times a power of two, so the bus word's place needs one division by three.
  localparam int unsigned ParThird = ParWord / 3 / BusBytes;  // bus words in a third of a memory word
  localparam int unsigned ParSegs = 3 * ParThird;
  localparam int unsigned ParSeg = $clog2(ParSegs);
  localparam int unsigned ParThirds = $clog2(3 * ParDepth);
  localparam int unsigned ParPerWord = ParWord / (12 * BlockOut);

  logic                 par_we;
  logic [ParThirds-1:0] par_third, par_third_q;
  logic [ParAddr-1:0]   par_waddr, par_waddr_q;
  logic [ParSeg-1:0]    par_seg;
  logic [8*ParWord-1:0] par_word;

  // x / 3 = x * 699051 / 2^21 for every x below 2^20.
  always_comb begin
    par_third = '0;
    par_waddr = '0;
    if (ld_we_i && ld_buffer_i == 2'(tsr_isa_pkg::BufPar)) begin
      par_third = ParThirds'(32'(ld_addr_i) / (BusBytes * ParThird));
      par_waddr = ParAddr'((40'(par_third) * 40'd699051) >> 21);
    end
  end

  always_ff @(posedge clk_i) begin
    if (ld_we_i && ld_buffer_i == 2'(tsr_isa_pkg::BufPar)) begin
      par_third_q <= par_third;
      par_waddr_q <= par_waddr;
    end
  end

  assign par_we = ld_we_q && ld_buffer_q == 2'(tsr_isa_pkg::BufPar);
  always_comb begin
    par_seg = '0;
    if (par_we)
      par_seg = ParSeg'((32'(par_third_q) - 32'd3 * 32'(par_waddr_q)) * ParThird + (32'(ld_addr_q) / BusBytes) % ParThird);
  end

  tsr_sram #(
    .Depth      (ParDepth),
    .Width      (8 * ParWord),
    .WriteWidth (8 * BusBytes),
    .StrbWidth  (8)
  ) u_par (
    .clk_i        (clk_i),
    .clear_i      (clear_q && {1'b0, clear_addr_q} < 17'(ParDepth)),
    .clear_addr_i (clear_addr_q[ParAddr-1:0]),
    .we_i         (par_we),
    .waddr_i      (par_waddr_q),
    .wseg_i       (par_seg),
    .wstrb_i      (ld_strb_q),
    .wdata_i      (ld_data_q),
    .re_i         (alu_par_re_i),
    .raddr_i      (ParAddr'(32'(alu_par_addr_i) / ParPerWord)),
    .rdata_o      (par_word)
  );

  if (ParPerWord == 1) begin : g_par_whole
    assign alu_par_data_o = par_word;
  end else begin : g_par_part
    localparam int unsigned SubWidth = $clog2(ParPerWord);
    logic [SubWidth-1:0] sub_q;
    always_ff @(posedge clk_i) if (alu_par_re_i) sub_q <= alu_par_addr_i[SubWidth-1:0];
    assign alu_par_data_o = par_word[ParBits*32'(sub_q) +: ParBits];
  end

  // OUT: a word is OutPerWord entries, each all planes; STORE gathers one plane's bytes from it.
  localparam int unsigned OutPerWord = OutWord / BlockOut;
  localparam int unsigned OutSeg = OutPerWord > 1 ? $clog2(OutPerWord) : 1;
  logic [OutBits*OutPerWord-1:0] out_word;
  logic [3:0]                    st_plane_q;

  tsr_sram #(
    .Depth      (OutDepth),
    .Width      (OutBits * OutPerWord),
    .WriteWidth (OutBits)
  ) u_out (
    .clk_i        (clk_i),
    .clear_i      (clear_q && {1'b0, clear_addr_q} < 17'(OutDepth)),
    .clear_addr_i (clear_addr_q[OutAddr-1:0]),
    .we_i         (alu_out_we_i),
    .waddr_i      (OutAddr'(32'(alu_out_waddr_i) / OutPerWord)),
    .wseg_i       (OutSeg'(32'(alu_out_waddr_i) % OutPerWord)),
    .wstrb_i      (1'b1),
    .wdata_i      (alu_out_wdata_i),
    .re_i         (st_re_i),
    .raddr_i      (OutAddr'(32'(st_addr_i) / OutWord)),
    .rdata_o      (out_word)
  );

  always_ff @(posedge clk_i) if (st_re_i) st_plane_q <= st_plane_i;

  if (OutPerWord == 1) begin : g_out_whole
    localparam int unsigned Segs = BlockOut / BusBytes;
    localparam int unsigned SegWidth = Segs > 1 ? $clog2(Segs) : 1;
    logic [SegWidth-1:0] seg_q;
    always_ff @(posedge clk_i) if (st_re_i) seg_q <= SegWidth'((32'(st_addr_i) / BusBytes) % Segs);
    assign st_data_o = out_word[8*(BlockOut*32'(st_plane_q) + BusBytes*32'(seg_q)) +: 8*BusBytes];
  end else begin : g_out_part
    always_comb begin
      for (int unsigned e = 0; e < OutPerWord; e++) begin
        st_data_o[8*BlockOut*e +: 8*BlockOut] = out_word[OutBits*e + 8*BlockOut*32'(st_plane_q) +: 8*BlockOut];
      end
    end
  end

endmodule
