// SPDX-License-Identifier: Apache-2.0
// Block RAMs of 7-series parts as far as Yosys uses them for the core, to simulate netlists with: Yosys itself has no model.
// One port reads, the other one writes, and a read meeting a write returns the old value. Behaviour from the 7-series memory
// user guide (UG473): widths, byte enables, the parity bits beside each byte, 72 bits in simple dual port mode.
module RAMB36E1 #(
  parameter RAM_MODE = "TDP", WRITE_MODE_A = "READ_FIRST", WRITE_MODE_B = "READ_FIRST",
  parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 0, DOB_REG = 0,
  parameter [35:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
  parameter RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE", SIM_DEVICE = "7SERIES"
) (
  input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input CASCADEINA, CASCADEINB, INJECTDBITERR, INJECTSBITERR,
  input [15:0] ADDRARDADDR, ADDRBWRADDR,
  input [31:0] DIADI, DIBDI,
  input [3:0] DIPADIP, DIPBDIP, WEA,
  input [7:0] WEBWE,
  output [31:0] DOADO, DOBDO,
  output [3:0] DOPADOP, DOPBDOP
);
  ramb_model #(
    .AddrBits(15), .Mode(RAM_MODE), .ReadA(READ_WIDTH_A), .WriteA(WRITE_WIDTH_A), .ReadB(READ_WIDTH_B), .WriteB(WRITE_WIDTH_B),
    .Plain(DOA_REG == 0 && DOB_REG == 0 && RAM_EXTENSION_A == "NONE" && RAM_EXTENSION_B == "NONE")
  ) u_model (
    .clk_a(CLKARDCLK), .clk_b(CLKBWRCLK), .en_a(ENARDEN), .en_b(ENBWREN), .addr_a(ADDRARDADDR[14:0]), .addr_b(ADDRBWRADDR[14:0]),
    .in({DIBDI, DIADI}), .parity_in({DIPBDIP, DIPADIP}), .we(WEBWE), .we_a(|WEA && WRITE_WIDTH_A != 0),
    .out({DOBDO, DOADO}), .parity_out({DOPBDOP, DOPADOP})
  );
endmodule

module RAMB18E1 #(
  parameter RAM_MODE = "TDP", WRITE_MODE_A = "READ_FIRST", WRITE_MODE_B = "READ_FIRST",
  parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0, DOA_REG = 0, DOB_REG = 0,
  parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
  parameter SIM_DEVICE = "7SERIES"
) (
  input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input [13:0] ADDRARDADDR, ADDRBWRADDR,
  input [15:0] DIADI, DIBDI,
  input [1:0] DIPADIP, DIPBDIP, WEA,
  input [3:0] WEBWE,
  output [15:0] DOADO, DOBDO,
  output [1:0] DOPADOP, DOPBDOP
);
  wire [63:0] out;
  wire [7:0]  parity_out;
  // The low half of a word is port A's, the upper half port B's, as far as a word has two.
  generate
    if (RAM_MODE == "SDP") begin : g_sdp
      ramb_model #(
        .AddrBits(14), .Mode("SDP"), .ReadA(READ_WIDTH_A), .WriteA(WRITE_WIDTH_A), .ReadB(READ_WIDTH_B), .WriteB(WRITE_WIDTH_B),
        .Plain(DOA_REG == 0 && DOB_REG == 0)
      ) u_model (
        .clk_a(CLKARDCLK), .clk_b(CLKBWRCLK), .en_a(ENARDEN), .en_b(ENBWREN), .addr_a(ADDRARDADDR), .addr_b(ADDRBWRADDR),
        .in({32'd0, DIBDI, DIADI}), .parity_in({4'd0, DIPBDIP, DIPADIP}), .we({4'd0, WEBWE}), .we_a(1'b0),
        .out(out), .parity_out(parity_out)
      );
      assign {DOBDO, DOADO} = out[31:0];
      assign {DOPBDOP, DOPADOP} = parity_out[3:0];
    end else begin : g_tdp
      ramb_model #(
        .AddrBits(14), .Mode("TDP"), .ReadA(READ_WIDTH_A), .WriteA(WRITE_WIDTH_A), .ReadB(READ_WIDTH_B), .WriteB(WRITE_WIDTH_B),
        .Plain(DOA_REG == 0 && DOB_REG == 0)
      ) u_model (
        .clk_a(CLKARDCLK), .clk_b(CLKBWRCLK), .en_a(ENARDEN), .en_b(ENBWREN), .addr_a(ADDRARDADDR), .addr_b(ADDRBWRADDR),
        .in({16'd0, DIBDI, 16'd0, DIADI}), .parity_in({2'd0, DIPBDIP, 2'd0, DIPADIP}), .we({4'd0, WEBWE}),
        .we_a(|WEA && WRITE_WIDTH_A != 0), .out(out), .parity_out(parity_out)
      );
      assign DOADO = out[15:0];
      assign DOBDO = 16'd0;
      assign DOPADOP = parity_out[1:0];
      assign DOPBDOP = 2'd0;
    end
  endgenerate
endmodule

// Bytes with a parity bit each. Port A reads, port B writes: `in` is {port B, port A}, and in simple dual port mode all of it is the
// word that port B writes.
module ramb_model #(
  parameter integer AddrBits = 15, ReadA = 0, WriteA = 0, ReadB = 0, WriteB = 0,
  parameter Mode = "TDP",
  parameter Plain = 1
) (
  input clk_a, clk_b, en_a, en_b,
  input [AddrBits-1:0] addr_a, addr_b,
  input [63:0] in,
  input [7:0] parity_in, we,
  input we_a,
  output reg [63:0] out,
  output reg [7:0] parity_out
);
  localparam Read = ReadA > 8 ? ReadA / 9 : 1;      // bytes of a read, of a write
  localparam Write = WriteB > 8 ? WriteB / 9 : 1;

  reg [7:0] data [0:(1<<(AddrBits-3))-1];
  reg       parity [0:(1<<(AddrBits-3))-1];
  wire [63:0] word = Mode == "SDP" ? in : {32'd0, in[63:32]};
  wire [7:0]  word_parity = Mode == "SDP" ? parity_in : {4'd0, parity_in[7:4]};

  initial if (!Plain || ReadB != 0 || WriteA != 0) begin
    $display("ramb_model: this use of a block RAM is not modelled");
    $finish;
  end

  integer r, w;
  always @(posedge clk_a) begin
    if (we_a) $display("ramb_model: port A writes");
    if (en_a) begin
      if (ReadA < 9) out <= {56'd0, data[addr_a[AddrBits-1:3]] >> addr_a[2:0]};
      else for (r = 0; r < Read; r = r + 1) begin
        out[8*r +: 8] <= data[(addr_a[AddrBits-1:3] & ~(Read - 1)) + r];
        parity_out[r] <= parity[(addr_a[AddrBits-1:3] & ~(Read - 1)) + r];
      end
    end
  end

  always @(posedge clk_b) begin
    if (en_b) begin
      if (WriteB < 9) begin
        if (we[0]) for (w = 0; w < WriteB; w = w + 1) data[addr_b[AddrBits-1:3]][32'(addr_b[2:0]) + w] <= word[w];
      end else for (w = 0; w < Write; w = w + 1) begin
        if (we[w]) begin
          data[(addr_b[AddrBits-1:3] & ~(Write - 1)) + w] <= word[8*w +: 8];
          parity[(addr_b[AddrBits-1:3] & ~(Write - 1)) + w] <= word_parity[w];
        end
      end
    end
  end
endmodule
