// SPDX-License-Identifier: Apache-2.0
//
// tsr_queue_ahead - an instruction queue that is read twice, in order: by a phase that runs ahead and by one that follows.
//
//            +-----------------------------------+-> ahead_valid_o, ahead_o
//  valid_i ->|  mem[Depth]                       |<- ahead_ready_i
//  data_i  ->|  back_q <= ahead_q <= wr_q        |
//  ready_o <-|                                   |-> back_valid_o, back_o
//            +-----------------------------------+<- back_ready_i
//
// Rules
// 1. An item becomes visible to the back reader only after the ahead reader has taken it.
// 2. A slot is free again when the back reader has taken the item.
// 3. Depth is a power of two, at least 2.

module tsr_queue_ahead #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 4
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             valid_i,
    input  logic [Width-1:0] data_i,
    output logic             ready_o,
    output logic             ahead_valid_o,
    output logic [Width-1:0] ahead_o,
    input  logic             ahead_ready_i,
    output logic             back_valid_o,
    output logic [Width-1:0] back_o,
    input  logic             back_ready_i
);
  localparam int unsigned PtrW = $clog2(Depth);

  logic [Width-1:0] mem [0:Depth-1];
  logic [PtrW:0] wr_q, ahead_q, back_q;
  logic push;

  assign ready_o       = (wr_q[PtrW] == back_q[PtrW]) || (wr_q[PtrW-1:0] != back_q[PtrW-1:0]);
  assign ahead_valid_o = wr_q != ahead_q;
  assign back_valid_o  = ahead_q != back_q;
  assign ahead_o       = mem[ahead_q[PtrW-1:0]];
  assign back_o        = mem[back_q[PtrW-1:0]];
  assign push          = valid_i && ready_o;

  always_ff @(posedge clk_i) begin
    if (push) mem[wr_q[PtrW-1:0]] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q    <= '0;
      ahead_q <= '0;
      back_q  <= '0;
    end else begin
      if (push)                           wr_q    <= wr_q + (PtrW+1)'(1);
      if (ahead_valid_o && ahead_ready_i) ahead_q <= ahead_q + (PtrW+1)'(1);
      if (back_valid_o && back_ready_i)   back_q  <= back_q + (PtrW+1)'(1);
    end
  end
endmodule
