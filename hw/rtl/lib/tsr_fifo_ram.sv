// SPDX-License-Identifier: Apache-2.0
//
// tsr_fifo_ram - a deep FIFO in a RAM with a registered read port (block RAM), without a bubble between words.
//
//            +------------------------------------------+
//   push_i ->|  mem[Depth] -> read register (held)      |-> valid_o
//   data_i ->|  fetches the next word when the register |-> data_o
//            |  is empty or being taken                 |<- ready_i
//            +------------------------------------------+
//
// Rules
// 1. The writer holds credits: it never pushes into a full FIFO. Space for Depth words is promised, counted from the
//    push to the cycle in which the reader takes the word.
// 2. A pushed word can be read two cycles later; after that one word every cycle.
// 3. data_o is stable until taken. Depth is a power of two, at least 2.

module tsr_fifo_ram #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             push_i,
    input  logic [Width-1:0] data_i,
    output logic             valid_o,
    output logic [Width-1:0] data_o,
    input  logic             ready_i
);
  localparam int unsigned PtrW = $clog2(Depth);

  logic [Width-1:0] mem [0:Depth-1];
  logic [Width-1:0] out_q;
  logic [PtrW:0] wr_q, rd_q;
  logic valid_q, fetch;

  assign fetch   = (wr_q != rd_q) && (!valid_q || ready_i);
  assign valid_o = valid_q;
  assign data_o  = out_q;

  always_ff @(posedge clk_i) begin
    if (push_i) mem[wr_q[PtrW-1:0]] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (fetch) out_q <= mem[rd_q[PtrW-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (fetch)        valid_q <= 1'b1;
    else if (ready_i) valid_q <= 1'b0;
    if (push_i) wr_q <= wr_q + (PtrW+1)'(1);
    if (fetch)  rd_q <= rd_q + (PtrW+1)'(1);
    if (!rst_ni) begin
      wr_q    <= '0;
      rd_q    <= '0;
      valid_q <= 1'b0;
    end
  end
endmodule
