// SPDX-License-Identifier: Apache-2.0
// Dispatch, queues and token counters as in tessera, with any four units behind them, for any stream of instructions.
//
//     stream --> tsr_dispatch --push--> queue of each unit --take--> under way --done, give--> tsr_tokens
//                     ^                      |                                                   |
//                     +--- room, pending ----+      a unit takes when its tokens are there <-----+
//
// A unit takes the instructions of its queue in order, with their tokens, has up to Running of them under way and completes
// them in order. LOAD takes STORE's tokens first, GEMM's and ALU's later, as tsr_load does. How long a unit waits and works is
// up to the solver. Of an item only the masks go through the queues: they hold what they are given (FIFO_*, AHEAD_*).
module fv_order #(
    parameter int unsigned Depth   = 2,              // of the queues
    parameter int unsigned Running = 2,
    parameter int unsigned PendW   = 3
) (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         start_i,
    input logic         halt_i,
    input logic [31:0]  insn_offset_i,
    input logic [31:0]  insn_count_i,
    input logic [127:0] seg_size_i,
    input logic         insn_valid_i,
    input logic [255:0] insn_i,
    input logic         insn_error_i,
    input logic         ahead_i,                     // LOAD takes STORE's token if it is there
    input logic [3:0]   take_i,                      // the unit takes an instruction if its tokens are there
    input logic [3:0]   done_i                       // it completes the oldest one under way
);
  logic [3:0]         push, ready, valid, room, busy, go, done;
  logic [255:0]       insn;
  logic [4*PendW-1:0] pending;
  logic [31:0]        item, running;                 // of unit u {signal, wait} at 8 * u, {signal} at 4 * u
  logic [15:0]        avail, take, give;             // bit 4 * unit + other unit
  logic               ahead_valid, ahead_go, finish, fault;
  logic [7:0]         ahead;

  tsr_dispatch #(
      .PendW(PendW)
  ) u_dispatch (
      .clk_i, .rst_ni, .start_i, .halt_i, .insn_offset_i, .insn_count_i, .seg_size_i, .insn_valid_i, .insn_i, .insn_error_i,
      .push_o       (push),
      .insn_o       (insn),
      .queue_ready_i(ready),
      .pending_i    (pending),
      .finish_o     (finish),
      .fault_o      (fault)
  );

  tsr_tokens u_tokens (
      .clk_i, .rst_ni,
      .clear_i      (1'b0),
      .take_load_i  (take[3:0]),
      .take_gemm_i  (take[7:4]),
      .take_alu_i   (take[11:8]),
      .take_store_i (take[15:12]),
      .give_load_i  (give[3:0]),
      .give_gemm_i  (give[7:4]),
      .give_alu_i   (give[11:8]),
      .give_store_i (give[15:12]),
      .avail_load_o (avail[3:0]),
      .avail_gemm_o (avail[7:4]),
      .avail_alu_o  (avail[11:8]),
      .avail_store_o(avail[15:12])
  );

  tsr_queue_ahead #(
      .Width(8),
      .Depth(Depth)
  ) u_queue (
      .clk_i, .rst_ni,
      .valid_i      (push[0]),
      .data_i       (insn[15:8]),
      .ready_o      (ready[0]),
      .ahead_valid_o(ahead_valid),
      .ahead_o      (ahead),
      .ahead_ready_i(ahead_go),
      .back_valid_o (valid[0]),
      .back_o       (item[7:0]),
      .back_ready_i (go[0])
  );
  assign ahead_go = ahead_i && ahead_valid && (!ahead[3] || avail[3]);

  for (genvar u = 0; u < 4; u++) begin : g_unit
    logic [3:0]       mask;
    logic [PendW-1:0] count_q;
    if (u != 0) begin : g_queue
      tsr_fifo #(
          .Width(8),
          .Depth(Depth)
      ) u_queue (
          .clk_i, .rst_ni,
          .valid_i(push[u]),
          .data_i (insn[15:8]),
          .ready_o(ready[u]),
          .valid_o(valid[u]),
          .data_o (item[8*u+:8]),
          .ready_i(go[u])
      );
    end

    assign mask = item[8*u+:4] & (u == 0 ? 4'b0111 : 4'b1111);
    assign go[u] = take_i[u] && valid[u] && room[u] && (mask & ~avail[4*u+:4]) == 0;
    assign done[u] = done_i[u] && busy[u];
    assign take[4*u+:4] = (go[u] ? mask : 4'd0) | {u == 0 && ahead_go && ahead[3], 3'd0};
    assign give[4*u+:4] = done[u] ? running[4*u+:4] : 4'd0;
    tsr_fifo #(
        .Width(4),
        .Depth(Running)
    ) u_running (
        .clk_i, .rst_ni,
        .valid_i(go[u]),
        .data_i (item[8*u+4+:4]),
        .ready_o(room[u]),
        .valid_o(busy[u]),
        .data_o (running[4*u+:4]),
        .ready_i(done[u])
    );

    assign pending[PendW*u+:PendW] = count_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else if (push[u] != done[u]) count_q <= push[u] ? count_q + PendW'(1) : count_q - PendW'(1);
    end
  end
endmodule
