// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_dispatch. The instruction that it has taken from the stream last is followed.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic         fv_got_q;                            // an instruction was taken and is neither queued, FINISH nor faulty
  logic [255:0] fv_insn_q;
  logic [31:0]  fv_index_q;                          // how many were taken before it
  logic         fv_stopped_q;                        // a fault or the end was told
  logic [1:0]   fv_unit;
  logic         fv_get, fv_known, fv_own;
  assign fv_get   = insn_valid_i && insn_ready_o;
  assign fv_unit  = fv_insn_q[7:0] == 8'(tsr_isa_pkg::OpGemm) ? tsr_isa_pkg::UnitGemm
                    : fv_insn_q[7:0] == 8'(tsr_isa_pkg::OpAlu) ? tsr_isa_pkg::UnitAlu
                    : fv_insn_q[7:0] == 8'(tsr_isa_pkg::OpStore) ? tsr_isa_pkg::UnitStore : tsr_isa_pkg::UnitLoad;
  assign fv_known = fv_unit != tsr_isa_pkg::UnitLoad || fv_insn_q[7:0] == 8'(tsr_isa_pkg::OpLoad);

  always_ff @(posedge clk_i) begin
    if (fv_get) fv_insn_q <= insn_i;
    if (!rst_ni) begin
      fv_got_q     <= 1'b0;
      fv_index_q   <= '1;
      fv_stopped_q <= 1'b0;
    end else begin
      if (fv_get) fv_index_q <= fv_index_q + 32'd1;
      if (fv_get) fv_got_q <= 1'b1;
      else if (push_o != 0) fv_got_q <= 1'b0;
      if (fault_o || finish_o) fv_stopped_q <= 1'b1;
    end
  end

  // Of the instruction: its own unit in its masks; a token that it waits for is not there, one that it gives would be the 256th,
  // or might be, counted from what its consumer has still to do.
  logic       fv_none, fv_full, fv_crowd;
  logic [9:0] fv_pending;
  always_comb begin
    fv_own   = 1'b0;
    fv_none  = 1'b0;
    fv_full  = 1'b0;
    fv_crowd = 1'b0;
    for (int u = 0; u < 4; u++) begin
      fv_pending = 10'(pending_i[PendW*u+:PendW]);
      for (int n = 0; n < 4; n++) if (fv_unit == 2'(n)) begin
        if (u == n && (fv_insn_q[8+u] || fv_insn_q[12+u])) fv_own = 1'b1;
        if (fv_insn_q[8+u] && token_q[8*(4*u+n)+:8] == 8'd0) fv_none = 1'b1;
        if (fv_insn_q[12+u] && token_q[8*(4*n+u)+:8] == 8'd255) fv_full = 1'b1;
        if (fv_insn_q[12+u] && 10'(token_q[8*(4*n+u)+:8]) + fv_pending >= 10'd255) fv_crowd = 1'b1;
      end
    end
  end

  // For fv_order.
  logic fv_up, fv_looked, fv_decides, fv_ends;
  assign fv_up      = fv_up_q;
  assign fv_looked  = !(state_q == StIdle || state_q == StStream || state_q == StFetch || state_q == StFields
                        || state_q == StFinish || state_q == StStop);
  assign fv_decides = state_q == StDecide && code == tsr_isa_pkg::FaultNone && !halt_i;
  assign fv_ends    = state_q == StFinish && !halt_i;

  logic [4*PendW-1:0] fv_pending_q;
  logic [3:0]         fv_push_q, fv_rises;
  always_ff @(posedge clk_i) begin
    fv_pending_q <= pending_i;
    fv_push_q    <= push_o;
    if (!rst_ni) begin
      fv_pending_q <= '0;
      fv_push_q    <= '0;
    end
  end
  always_comb for (int u = 0; u < 4; u++)
    fv_rises[u] = (PendW+1)'(pending_i[PendW*u+:PendW]) > (PendW+1)'(fv_pending_q[PendW*u+:PendW]) + (PendW+1)'(fv_push_q[u]);

  always_comb if (fv_up_q && rst_ni) begin
    DISPATCH_A1: `FV_ENV (fv_rises == 0);

    if (push_o != 0) DISPATCH_1a: assert (fv_got_q && insn_o == fv_insn_q && index_o == fv_index_q);
    if (push_o != 0) DISPATCH_1b: assert (fv_known && push_o == 4'(4'd1 << fv_unit));
    if (fv_get) DISPATCH_1c: assert (!fv_got_q);
    DISPATCH_2: assert ((push_o & ~queue_ready_i) == 0);
    if (push_o != 0) DISPATCH_3: assert (!fv_own);
    if (fault_o) DISPATCH_4a: assert (!fv_stopped_q && fault_code_o != tsr_isa_pkg::FaultNone);
    if (fault_o || fv_stopped_q) DISPATCH_4b: assert (push_o == 0 && !insn_ready_o && !finish_o);
    if (fault_o) DISPATCH_4c: assert (fault_index_o == fv_index_q + 32'(fault_code_o == tsr_isa_pkg::FaultMissingFinish
                                                                        || fault_code_o == tsr_isa_pkg::FaultInsnAlign));
    if (halt_i) DISPATCH_5: assert (push_o == 0);
    if (finish_o) DISPATCH_6: assert (fv_insn_q == 256'(tsr_isa_pkg::OpFinish) && fv_got_q && !fv_stopped_q && fv_pending_q == 0);

    if (fv_looked || state_q == StFields || state_q == StFinish) inv_got: assert (fv_got_q && insn_q == fv_insn_q);
    if (state_q == StIdle || state_q == StStream || state_q == StFetch) inv_not: assert (!fv_got_q);
    if (state_q == StIdle || state_q == StStream) inv_first: assert (fv_index_q == '1);
    if (stream_bad_q && (fv_looked || state_q == StFetch || state_q == StFields || state_q == StFinish))
      inv_stream: assert (state_q == StFetch && fv_index_q == '1);
    if (state_q != StStop) inv_index: assert (index_q == fv_index_q + 32'(!fv_got_q));
    if (fault_o || finish_o || fv_stopped_q) inv_stopped: assert (state_q == StStop);
    if (fv_stopped_q) inv_once: assert (!fault_o && !finish_o);
    if (state_q == StFinish) inv_finish: assert (fv_insn_q == 256'(tsr_isa_pkg::OpFinish));
    if (push_o != 0) inv_crowd: assert (!fv_crowd);
    if (state_q == StDecide && !crowded_q) inv_crowded: assert (!fv_crowd);
    if (state_q == StDecide && fv_pending_q == 0 && !overflow_q) inv_empty: assert (!crowded_q);
    if (fv_got_q && state_q != StStop) inv_unit: assert (unit_q == fv_unit);
    if (fv_looked && !underflow_q) inv_none: assert (!fv_none);
    if (fv_looked && !overflow_q) inv_full: assert (!fv_full);
    if (fv_looked && opcode_ok_q && !illegal_q && !error_q) inv_legal: assert (fv_known && !fv_own);

    cover_DISPATCH_1: cover (push_o == 4'b1000 && index_o == 32'd1 && insn_o[15:8] == 8'h14);
    cover_DISPATCH_2: cover (push_o == 4'b0010 && !queue_ready_i[2]);
    cover_DISPATCH_3: cover (push_o == 4'b0001 && insn_o[15:8] == 8'he0);
    cover_DISPATCH_4: cover (fv_stopped_q && fault_code_o == tsr_isa_pkg::FaultTokenUnderflow && fv_index_q == 32'd1);
    cover_DISPATCH_5: cover (halt_i && state_q == StDecide && index_q == 32'd1);
    cover_DISPATCH_6: cover (finish_o && fv_index_q == 32'd1);
  end
