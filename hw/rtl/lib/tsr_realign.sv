// SPDX-License-Identifier: Apache-2.0
//
// tsr_realign - a byte queue between two bus-word streams that are cut at different places.
//
//                +---------------------------------------------------------------+
//  in_valid_i  ->|  rotate: byte offset to the lane in which its turn is         |-> out_valid_o
//  in_data_i   ->|  queue:  a ring of 4 bus words; lanes up from wr_q in one     |-> out_data_o
//  in_offset_i ->|          word, lanes below it in the next one                 |-> out_strb_o
//  in_length_i ->|  rotate: lane rd_q to out_offset                              |
//  in_ready_o  <-|                                                               |<- out_offset_i, out_length_i, out_ready_i
//                +---------------------------------------------------------------+
//
// Rules
// 1. Bytes leave in the order they came; nothing is dropped or doubled.
// 2. out_valid_o says that the queue holds out_length_i bytes; out_strb_o depends on out_offset_i and out_length_i only, so it
//    also serves words that do not come from the queue. out_data_o is 0 while nothing leaves.
// 3. offset + length <= BusBytes on both sides and length >= 1.
// 4. in_ready_o says that there is room for a whole bus word, so it does not depend on the other inputs. Bytes can leave in the
//    cycle after they came. Full words stream at one a cycle for any pair of offsets.

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
  localparam int unsigned PtrW  = OffW + 2;
  localparam int unsigned FillW = PtrW + 1;

  (* mem2reg *) logic [Bits-1:0] queue_q [0:3];   // for Yosys: registers, no memory
  logic [PtrW-1:0]  wr_q, rd_q;       // byte pointers: {word, lane}
  logic [FillW-1:0] fill_q;
  logic             in_go, out_go;

  assign in_ready_o  = fill_q <= FillW'(3 * BusBytes);
  assign in_go       = in_valid_i && in_ready_o;
  assign out_go      = out_valid_o && out_ready_i;

  tsr_realign_enough #(
      .OffW(OffW)
  ) u_enough (
      .fill_i  (fill_q),
      .length_i(out_length_i),
      .enough_o(out_valid_o)
  );

  // A whole word is written, whatever length is: what does not belong to it falls into free space, and the next one replaces it.
  logic [1:0]      wr_word, wr_next;
  logic [OffW-1:0] in_turn;
  logic [Bits-1:0] in_lanes, wr_below;
  assign wr_word = wr_q[PtrW-1:OffW];
  assign wr_next = wr_word + 2'd1;
  always_comb begin
    in_turn  = 'x;
    in_lanes = 'x;
    wr_below = 'x;
    if (in_go) begin
      in_turn  = in_offset_i - wr_q[OffW-1:0];
      in_lanes = in_data_i;
      for (int unsigned k = 0; k < OffW; k++)
        if (in_turn[k]) in_lanes = (in_lanes >> (8 << k)) | (in_lanes << (Bits - (8 << k)));
      wr_below = ~({Bits{1'b1}} << {wr_q[OffW-1:0], 3'b000});
    end
  end

  always_ff @(posedge clk_i) begin
    if (in_go) begin
      for (int unsigned w = 0; w < 4; w++) begin
        if (wr_word == 2'(w))      queue_q[w] <= (queue_q[w] & wr_below) | (in_lanes & ~wr_below);
        else if (wr_next == 2'(w)) queue_q[w] <= (queue_q[w] & ~wr_below) | (in_lanes & wr_below);
      end
    end
  end

  // What may become of the fill is worked out side by side, because what is let in and out comes late.
  always_ff @(posedge clk_i) begin
    if (out_go) begin
      if (in_go) fill_q <= fill_q + FillW'(in_length_i) - FillW'(out_length_i);
      else       fill_q <= fill_q - FillW'(out_length_i);
      rd_q <= rd_q + PtrW'(out_length_i);
    end else if (in_go) begin
      fill_q <= fill_q + FillW'(in_length_i);
    end
    if (in_go) wr_q <= wr_q + PtrW'(in_length_i);
    if (!rst_ni) begin
      wr_q   <= '0;
      rd_q   <= '0;
      fill_q <= '0;
    end
  end

  logic [1:0]      rd_word, rd_next;
  logic [OffW-1:0] out_turn;
  logic [Bits-1:0] rd_below;
  assign rd_word = rd_q[PtrW-1:OffW];
  assign rd_next = rd_word + 2'd1;
  always_comb begin
    out_data_o = '0;
    out_turn   = 'x;
    rd_below   = 'x;
    if (out_go) begin
      rd_below   = ~({Bits{1'b1}} << {rd_q[OffW-1:0], 3'b000});
      out_turn   = rd_q[OffW-1:0] - out_offset_i;
      out_data_o = (queue_q[rd_word] & ~rd_below) | (queue_q[rd_next] & rd_below);
      for (int unsigned k = 0; k < OffW; k++)
        if (out_turn[k]) out_data_o = (out_data_o >> (8 << k)) | (out_data_o << (Bits - (8 << k)));
    end
  end

  assign out_strb_o = ~({BusBytes{1'b1}} << out_length_i) << out_offset_i;
endmodule
