// SPDX-License-Identifier: Apache-2.0
//
// tsr_queue_ahead - an instruction queue that is read twice, in order: by a phase that runs ahead and by one that follows.
//
//            +-----------------------------------+-> ahead_valid_o, ahead_o
//  valid_i ->|  mem[Depth]                       |<- ahead_ready_i
//  data_i  ->|  back_q <= ahead_q <= wr_q        |
//  ready_o <-|  full_q, *_valid_q                |-> back_valid_o, back_o
//            +-----------------------------------+<- back_ready_i
//
// Rules
// 1. An item becomes visible to the back reader only after the ahead reader has taken it.
// 2. A slot is free again when the back reader has taken the item.
// 3. ready_o, ahead_valid_o and back_valid_o are registers.
// 4. Depth is a power of two, at least 2.

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
  logic full_q, ahead_valid_q, back_valid_q, push, ahead_pop, back_pop;

  assign ready_o       = !full_q;
  assign ahead_valid_o = ahead_valid_q;
  assign back_valid_o  = back_valid_q;
  assign ahead_o       = mem[ahead_q[PtrW-1:0]];
  assign back_o        = mem[back_q[PtrW-1:0]];
  assign push          = valid_i && ready_o;
  assign ahead_pop     = ahead_valid_o && ahead_ready_i;
  assign back_pop      = back_valid_o && back_ready_i;

  always_ff @(posedge clk_i) begin
    if (push) mem[wr_q[PtrW-1:0]] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_q          <= '0;
      ahead_q       <= '0;
      back_q        <= '0;
      full_q        <= 1'b0;
      ahead_valid_q <= 1'b0;
      back_valid_q  <= 1'b0;
    end else begin
      if (push) begin
        wr_q <= wr_q + (PtrW+1)'(1);
        ahead_valid_q <= 1'b1;
        if (!back_pop) full_q <= wr_q + (PtrW+1)'(1) == {!back_q[PtrW], back_q[PtrW-1:0]};
      end
      if (ahead_pop) begin
        ahead_q <= ahead_q + (PtrW+1)'(1);
        back_valid_q <= 1'b1;
        if (!push) ahead_valid_q <= ahead_q + (PtrW+1)'(1) != wr_q;
      end
      if (back_pop) begin
        back_q <= back_q + (PtrW+1)'(1);
        if (!ahead_pop) back_valid_q <= back_q + (PtrW+1)'(1) != ahead_q;
        if (!push) full_q <= 1'b0;
      end
    end
  end
endmodule
