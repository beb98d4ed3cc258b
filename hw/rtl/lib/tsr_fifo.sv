// SPDX-License-Identifier: Apache-2.0
//
// tsr_fifo - a first-word-fall-through FIFO with both handshakes registered.
//
//             +-------------------------------+
//   valid_i ->|  mem[Depth]                   |-> valid_o
//   data_i  ->|  wr_q -> write, rd_q -> read  |-> data_o
//   ready_o <-|  ready_q, valid_q             |<- ready_i
//             +-------------------------------+
//
// Rules
// 1. ready_o and valid_o are registers; Depth 2 therefore is a skid buffer that cuts both directions.
// 2. data_o is stable from the cycle valid_o rises until the cycle in which ready_i takes it.
// 3. One word in and one word out every cycle, also at Depth 2.
// 4. Depth is a power of two, at least 2.

module tsr_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 4
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             valid_i,
    input  logic [Width-1:0] data_i,
    output logic             ready_o,
    output logic             valid_o,
    output logic [Width-1:0] data_o,
    input  logic             ready_i
);
  localparam int unsigned PtrW = $clog2(Depth);

  logic [Width-1:0] mem [0:Depth-1];
  logic [PtrW:0] wr_q, rd_q;
  logic valid_q, ready_q, push, pop;

  assign ready_o = ready_q;
  assign valid_o = valid_q;
  assign data_o  = mem[rd_q[PtrW-1:0]];
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;

  // The pointers have a bit more than an address, which tells full from empty.
  always_ff @(posedge clk_i) begin
    if (push && !pop) begin
      valid_q <= 1'b1;
      ready_q <= wr_q + (PtrW+1)'(1) != {!rd_q[PtrW], rd_q[PtrW-1:0]};
    end
    if (pop && !push) begin
      valid_q <= rd_q + (PtrW+1)'(1) != wr_q;
      ready_q <= 1'b1;
    end
    if (push) begin
      mem[wr_q[PtrW-1:0]] <= data_i;
      wr_q <= wr_q + (PtrW+1)'(1);
    end
    if (pop) rd_q <= rd_q + (PtrW+1)'(1);
    if (!rst_ni) begin
      wr_q    <= '0;
      rd_q    <= '0;
      valid_q <= 1'b0;
      ready_q <= 1'b1;
    end
  end
endmodule
