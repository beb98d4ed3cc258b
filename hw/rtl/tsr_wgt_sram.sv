// SPDX-License-Identifier: Apache-2.0
// Weight memory: tsr_sram with a second way to write, which spreads bytes over the diagonals of weight tiles.
//
//                                        +---------------------------+
//     we_i, waddr_i, wgroup_i, ... ----> | word = Rows rows of       | -> rdata_o (registered, held)
//     diag_i ---------------------+----> |        BlockIn bytes      |
//     re_i, raddr_i --------------|----> +---------------------------+
//                                 +- 0: BusBytes bytes at segment wgroup_i of the word
//                                    1: BusBytes whole rows, row group wgroup_i of the word
//
// A word holds whole tiles: Rows = max(BlockOut, BusBytes) rows, row r belonging to output lane r mod BlockOut. So both
// kinds of bus word stay inside one memory word, and a row group is BusBytes rows.
// Latency and the two forms: as tsr_sram.
//
// 1. diag_i = 0: byte b of the bus word goes to byte wgroup_i * BusBytes + b of the word if wstrb_i[b].
// 2. diag_i = 1: row r = wgroup_i * BusBytes + b becomes 0 except byte r mod BlockOut, which is byte b, if wstrb_i[b].
//    It means something only when BlockIn = BlockOut.
// 3. Reads, clearing and collisions as tsr_sram rules 2 to 4.
module tsr_wgt_sram #(
  parameter int unsigned Depth = 1024,
  parameter int unsigned BlockIn = 16,
  parameter int unsigned BlockOut = 16,
  parameter int unsigned BusBytes = 8,
  localparam int unsigned Rows = BlockOut > BusBytes ? BlockOut : BusBytes,
  localparam int unsigned Bytes = Rows * BlockIn,
  localparam int unsigned NumSeg = Bytes / BusBytes,
  localparam int unsigned AddrWidth = Depth > 1 ? $clog2(Depth) : 1,
  localparam int unsigned SegWidth = NumSeg > 1 ? $clog2(NumSeg) : 1
) (
  input  logic                  clk_i,
  input  logic                  clear_i,
  input  logic [AddrWidth-1:0]  clear_addr_i,
  input  logic                  we_i,
  input  logic                  diag_i,
  input  logic [AddrWidth-1:0]  waddr_i,
  input  logic [SegWidth-1:0]   wgroup_i,
  input  logic [BusBytes-1:0]   wstrb_i,
  input  logic [8*BusBytes-1:0] wdata_i,
  input  logic                  re_i,
  input  logic [AddrWidth-1:0]  raddr_i,
  output logic [8*Bytes-1:0]    rdata_o
);

`ifdef VERILATOR
`ifndef TSR_SRAM_PORTABLE
`define TSR_SRAM_FAST
`endif
`endif

`ifdef TSR_SRAM_FAST
  localparam int unsigned BusBits = 8 * BusBytes;
  localparam int unsigned RowBits = 8 * BlockIn;

  logic [8*Bytes-1:0] mem [Depth];

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
    if (clear_i) begin
      mem[clear_addr_i] = '0;
    end else if (we_i && diag_i) begin
      for (int unsigned b = 0; b < BusBytes; b++) begin
        if (wstrb_i[b]) begin
          mem[waddr_i][(32'(wgroup_i) * BusBytes + b) * RowBits +: RowBits] = '0;
          mem[waddr_i][(32'(wgroup_i) * BusBytes + b) * RowBits + 8 * ((32'(wgroup_i) * BusBytes + b) % BlockOut) +: 8] =
              wdata_i[b*8 +: 8];
        end
      end
    end else if (we_i) begin
      if (&wstrb_i) begin
        mem[waddr_i][32'(wgroup_i) * BusBits +: BusBits] = wdata_i;
      end else begin
        for (int unsigned b = 0; b < BusBytes; b++) begin
          if (wstrb_i[b]) mem[waddr_i][32'(wgroup_i) * BusBits + b * 8 +: 8] = wdata_i[b*8 +: 8];
        end
      end
    end
  end
  // verilator lint_on BLKSEQ
`undef TSR_SRAM_FAST
`else
  logic [AddrWidth-1:0] waddr;
  assign waddr = clear_i ? clear_addr_i : waddr_i;

  // A memory for each bus word of the word, which is also what a segment write touches.
  for (genvar s = 0; s < NumSeg; s++) begin : g_seg
    logic [8*BusBytes-1:0] mem [Depth];
    logic [8*BusBytes-1:0] wdata;
    logic [BusBytes-1:0]   enable;

    always_comb begin
      enable = '0;
      wdata = '0;
      for (int unsigned b = 0; b < BusBytes; b++) begin
        if (clear_i) begin
          enable[b] = 1'b1;
        end else if (diag_i) begin
          // Byte s * BusBytes + b of the word is column k of row r.
          enable[b] = we_i && wgroup_i == SegWidth'((s*BusBytes+b) / BlockIn / BusBytes) &&
                      wstrb_i[((s*BusBytes+b)/BlockIn)%BusBytes];
          if ((s*BusBytes+b) % BlockIn == ((s*BusBytes+b) / BlockIn) % BlockOut) begin
            wdata[b*8 +: 8] = wdata_i[(((s*BusBytes+b)/BlockIn)%BusBytes)*8 +: 8];
          end
        end else begin
          enable[b] = we_i && wgroup_i == SegWidth'(s) && wstrb_i[b];
          wdata[b*8 +: 8] = wdata_i[b*8 +: 8];
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (re_i) rdata_o[s*8*BusBytes +: 8*BusBytes] <= mem[raddr_i];
      for (int unsigned b = 0; b < BusBytes; b++) begin
        if (enable[b]) mem[waddr][b*8 +: 8] <= wdata[b*8 +: 8];
      end
    end
  end
`endif

endmodule
