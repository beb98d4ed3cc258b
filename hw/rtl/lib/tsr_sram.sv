// SPDX-License-Identifier: Apache-2.0
// On-chip memory: one write port narrower than a word, one registered read port, and a port that zeroes a word.
//
//     clear_i, clear_addr_i ---------+
//     we_i, waddr_i, wseg_i,         |   +-----------------+
//     wdata_i, wstrb_i --------------+-> | Depth x Width   | -> rdata_o (registered, held while re_i is low)
//     re_i, raddr_i -------------------> |                 |
//                                        +-----------------+
//
// Latency: a read is answered after one clock; a write is seen by reads presented from the next cycle on.
//
// 1. A word is Width / WriteWidth segments; a write touches segment wseg_i of word waddr_i, StrbWidth bits for each strobe.
// 2. A read of the word that is written in the same cycle returns the old value.
// 3. rdata_o changes only after re_i.
// 4. clear_i zeroes word clear_addr_i and wins over a write; an address at or above Depth is ignored.
//
// Two forms of the same memory: the portable one is a memory for each segment with a constant part-select for each strobe,
// which synthesis maps to block memory with byte enables. Verilator would turn it into hundreds of tests a clock, so it gets
// a form that does nothing unless something is written. Define TSR_SRAM_PORTABLE to simulate the first.
module tsr_sram #(
  parameter int unsigned Depth = 512,
  parameter int unsigned Width = 64,
  parameter int unsigned WriteWidth = Width,
  parameter int unsigned StrbWidth = WriteWidth,
  localparam int unsigned NumSeg = Width / WriteWidth,
  localparam int unsigned NumStrb = WriteWidth / StrbWidth,
  localparam int unsigned AddrWidth = Depth > 1 ? $clog2(Depth) : 1,
  localparam int unsigned SegWidth = NumSeg > 1 ? $clog2(NumSeg) : 1
) (
  input  logic                  clk_i,
  input  logic                  clear_i,
  input  logic [AddrWidth-1:0]  clear_addr_i,
  input  logic                  we_i,
  input  logic [AddrWidth-1:0]  waddr_i,
  input  logic [SegWidth-1:0]   wseg_i,
  input  logic [NumStrb-1:0]    wstrb_i,
  input  logic [WriteWidth-1:0] wdata_i,
  input  logic                  re_i,
  input  logic [AddrWidth-1:0]  raddr_i,
  output logic [Width-1:0]      rdata_o
);

`ifdef VERILATOR
`ifndef TSR_SRAM_PORTABLE
`define TSR_SRAM_FAST
`endif
`endif

`ifdef TSR_SRAM_FAST
  logic [Width-1:0] mem [Depth];

  // The blocking assignments are safe: no other process reads mem, and the read comes first.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
    if (clear_i) begin
      mem[clear_addr_i] = '0;
    end else if (we_i) begin
      if (NumSeg == 1 && NumStrb == 1) begin
        if (wstrb_i[0]) mem[waddr_i] = Width'(wdata_i);
      end else if (&wstrb_i) begin
        mem[waddr_i][32'(wseg_i) * WriteWidth +: WriteWidth] = wdata_i;
      end else begin
        for (int unsigned b = 0; b < NumStrb; b++) begin
          if (wstrb_i[b]) begin
            mem[waddr_i][32'(wseg_i) * WriteWidth + b * StrbWidth +: StrbWidth] = wdata_i[b*StrbWidth +: StrbWidth];
          end
        end
      end
    end
  end
  // verilator lint_on BLKSEQ
`undef TSR_SRAM_FAST
`else
  logic [AddrWidth-1:0]  waddr;
  logic [WriteWidth-1:0] wdata;

  assign waddr = clear_i ? clear_addr_i : waddr_i;
  assign wdata = clear_i ? '0 : wdata_i;

  for (genvar s = 0; s < NumSeg; s++) begin : g_seg
    logic [WriteWidth-1:0] mem [Depth];
    logic [NumStrb-1:0]    enable;

    assign enable = clear_i ? '1 : (we_i && wseg_i == SegWidth'(s) ? wstrb_i : '0);

    always_ff @(posedge clk_i) begin
      if (re_i) rdata_o[s*WriteWidth +: WriteWidth] <= mem[raddr_i];
      for (int unsigned b = 0; b < NumStrb; b++) begin
        if (enable[b]) mem[waddr][b*StrbWidth +: StrbWidth] <= wdata[b*StrbWidth +: StrbWidth];
      end
    end
  end
`endif

endmodule
