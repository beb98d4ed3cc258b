// SPDX-License-Identifier: Apache-2.0
//
// tsr_realign - a byte queue between two bus-word streams that are cut at different places.
//
//                +------------------------------------------------------------+
//  in_valid_i  ->|  strip: bytes [offset, offset+length) of the word moved    |
//  in_data_i   ->|         to byte 0 (register)                               |-> out_valid_o
//  in_offset_i ->|  queue: 2 x BusBytes bytes; take from byte 0, append at    |-> out_data_o
//  in_length_i ->|         the fill mark, both in one cycle                   |-> out_strb_o
//  in_ready_o  <-|  place: first bytes of the queue moved to out_offset       |<- out_offset_i, out_length_i, out_ready_i
//                +------------------------------------------------------------+
//
// Rules
// 1. Bytes leave in the order they came; nothing is dropped or doubled.
// 2. out_valid_o says that the queue holds out_length_i bytes; out_strb_o depends on out_offset_i and out_length_i only, so it
//    also serves words that do not come from the queue.
// 3. offset + length <= BusBytes on both sides and length >= 1. Full words stream at one a cycle for any pair of offsets.

module tsr_realign #(
    parameter int unsigned BusBytes = 8,
    parameter int unsigned OffW = $clog2(BusBytes),
    parameter int unsigned LenW = OffW + 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  in_valid_i,
    input  logic [8*BusBytes-1:0] in_data_i,
    input  logic [OffW-1:0]       in_offset_i,
    input  logic [LenW-1:0]       in_length_i,
    output logic                  in_ready_o,
    input  logic [OffW-1:0]       out_offset_i,
    input  logic [LenW-1:0]       out_length_i,
    output logic                  out_valid_o,
    output logic [8*BusBytes-1:0] out_data_o,
    output logic [BusBytes-1:0]   out_strb_o,
    input  logic                  out_ready_i
);
  localparam int unsigned Bits  = 8 * BusBytes;
  localparam int unsigned FillW = LenW + 1;

  logic              strip_valid_q;
  logic [Bits-1:0]   strip_q;
  logic [LenW-1:0]   strip_length_q;
  logic [2*Bits-1:0] queue_q;
  logic [FillW-1:0]  fill_q, taken, kept;
  logic              append;

  assign out_valid_o = fill_q >= FillW'(out_length_i);
  assign taken       = (out_valid_o && out_ready_i) ? FillW'(out_length_i) : '0;
  assign kept        = fill_q - taken;
  assign append      = strip_valid_q && (kept <= FillW'(BusBytes));
  assign in_ready_o  = !strip_valid_q || append;

  assign out_data_o = queue_q[Bits-1:0] << {out_offset_i, 3'b000};
  assign out_strb_o = ~({BusBytes{1'b1}} << out_length_i) << out_offset_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      strip_valid_q  <= 1'b0;
      strip_q        <= '0;
      strip_length_q <= '0;
      queue_q        <= '0;
      fill_q         <= '0;
    end else begin
      if (in_valid_i && in_ready_o) begin
        strip_valid_q  <= 1'b1;
        strip_q        <= (in_data_i >> {in_offset_i, 3'b000}) & ~({Bits{1'b1}} << {in_length_i, 3'b000});
        strip_length_q <= in_length_i;
      end else if (append) begin
        strip_valid_q <= 1'b0;
      end
      if (append) begin
        queue_q <= (queue_q >> {taken, 3'b000}) | ((2*Bits)'(strip_q) << {kept, 3'b000});
        fill_q  <= kept + FillW'(strip_length_q);
      end else if (taken != '0) begin
        queue_q <= queue_q >> {taken, 3'b000};
        fill_q  <= kept;
      end
    end
  end
endmodule
