// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_run.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic        fv_run_q;            // between start_ack_o and done_o, or the soft reset that takes its place
  logic        fv_wanted_q, fv_cleared_q, fv_ended_q;
  logic        fv_came_q;           // a fault came in this run
  logic [1:0]  fv_any_q;            // one came in the last clock, in the one before
  logic [42:0] fv_one_q, fv_two_q;  // the lowest of those: unit, code, index
  logic        fv_fault_q;          // one came before that
  logic [31:0] fv_low_q;            // the lowest index of those
  logic [7:0]  fv_code_q;           // of the first one with that index; of units in one cycle the lowest
  logic [2:0]  fv_unit_q;
  logic [4:0]  fv_any;
  logic [31:0] fv_index;
  logic [7:0]  fv_code;
  logic [2:0]  fv_unit;
  logic        fv_live;             // faults count: in a run that has not begun to drain
  assign fv_live = state_q == StRun;
  assign fv_any  = fault_valid_i;

  // The lowest of this cycle, from the last unit down so that the lowest number wins among equals.
  always_comb begin
    fv_index = 32'hffffffff;
    fv_code  = '0;
    fv_unit  = '0;
    for (int u = 4; u >= 0; u--) if (fault_valid_i[u] && fault_index_i[32*u+:32] <= fv_index) begin
      fv_index = fault_index_i[32*u+:32];
      fv_code  = fault_code_i[8*u+:8];
      fv_unit  = 3'(u);
    end
  end

  always_ff @(posedge clk_i) begin
    fv_wanted_q   <= rst_ni && idle_o && start_i && !soft_reset_i && core_rst_no;
    if (!rst_ni) begin
      fv_run_q     <= 1'b0;
      fv_came_q    <= 1'b0;
      fv_any_q     <= 2'b00;
      fv_fault_q   <= 1'b0;
      fv_low_q     <= '0;
      fv_code_q    <= '0;
      fv_unit_q    <= '0;
      fv_cleared_q <= 1'b0;
      fv_ended_q   <= 1'b0;
    end else begin
      fv_ended_q <= fv_live && finish_i;
      if (start_ack_o) fv_run_q <= 1'b1;
      else if (done_o || soft_reset_i || soft_busy_o) fv_run_q <= 1'b0;
      // The core is in reset, with memories cleared, between two runs.
      if (start_ack_o) fv_cleared_q <= 1'b0;
      else if (clear_o) fv_cleared_q <= 1'b1;
      if (start_ack_o || soft_reset_i) begin
        fv_came_q  <= 1'b0;
        fv_any_q   <= 2'b00;
        fv_fault_q <= 1'b0;
        fv_low_q   <= '0;
        fv_code_q  <= '0;
        fv_unit_q  <= '0;
      end else begin
        if (fv_live && fv_any != 0) fv_came_q <= 1'b1;
        fv_any_q <= {fv_any_q[0], fv_live && fv_any != 0};
        fv_one_q <= {fv_unit, fv_code, fv_index};
        fv_two_q <= fv_one_q;
        if (fv_any_q[1] && (!fv_fault_q || fv_two_q[31:0] < fv_low_q)) begin
          fv_fault_q <= 1'b1;
          {fv_unit_q, fv_code_q, fv_low_q} <= fv_two_q;
        end
      end
    end
  end

  always_comb if (fv_up_q && rst_ni) begin
    if (start_ack_o) RUN_1: assert (start_i && idle_o && core_rst_no && fv_cleared_q && !fv_run_q);
    if (done_o) RUN_2: assert (fv_run_q && bus_idle_i);
    if (idle_o) RUN_3: assert (!running_o && !abort_o && !clear_o);
    RUN_4: assert (running_o == fv_run_q);
    if (!core_rst_no || state_q == StDrain) RUN_5: assert (abort_o || idle_o);
    RUN_6: assert (limit_valid_o == fv_fault_q && (!fv_fault_q || limit_index_o == fv_low_q));
    RUN_7: assert (fault_o == {fv_unit_q, fv_code_q});
    if (clear_o) RUN_8: assert (!running_o && abort_o);
    if (soft_busy_o) RUN_9: assert (!done_o && !idle_o && !running_o);
    if (fv_wanted_q) RUN_10: assert (running_o && core_start_o);
    if (fv_ended_q) RUN_11: assert (abort_o);
    RUN_12: assert (halt_o == fv_came_q && moving_o == (fv_any_q != 2'b00));

    inv_state: assert (state_q == StClear || state_q == StClearWait || state_q == StIdle || state_q == StRun || state_q == StDrain);
    if (state_q == StIdle || state_q == StClearWait || state_q == StClear) inv_no_run: assert (!fv_run_q);
    if (state_q == StIdle || state_q == StClearWait) inv_cleared: assert (fv_cleared_q);
    if (state_q == StRun) inv_running: assert (fv_run_q && !soft_q);
    if (state_q == StDrain) inv_drain: assert (fv_run_q == !soft_q);
    if (state_q == StIdle) inv_soft: assert (!soft_q);
    inv_start: assert (start_q == (fv_wanted_q && state_q == StRun));
    if (start_q) inv_first: assert (state_q == StRun);
    if (fv_wanted_q) inv_wanted: assert (state_q == StRun && start_q);
    if (fv_ended_q) inv_ended: assert (state_q == StDrain);
    inv_fault: assert (fault_q == fv_fault_q && index_q == fv_low_q && code_q == fv_code_q && unit_q == fv_unit_q);
    inv_moving: assert (pairs_q == fv_any_q[0] && lowest_q == fv_any_q[1] && fv_came_q == (fv_fault_q || fv_any_q != 2'b00));
    inv_halt: assert (halt_q == (fault_q || pairs_q || lowest_q));
    if (pairs_q) inv_pairs: assert (low == fv_one_q && pair_valid_q != 3'd0);
    if (lowest_q) inv_lowest: assert (low_q == fv_two_q);
    if (state_q == StIdle && !core_rst_nq) inv_reset: assert (!fv_wanted_q);
  end

  logic fv_twice_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && rst_ni && done_o) fv_twice_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni) begin
    cover_RUN_1: cover (fv_twice_q && start_ack_o);
    cover_RUN_2: cover (fv_twice_q && done_o);
    cover_RUN_3: cover (fv_twice_q && idle_o);
    cover_RUN_4: cover (fv_twice_q && running_o);
    cover_RUN_5: cover (fv_twice_q && state_q == StDrain);
    cover_RUN_6: cover (fv_fault_q && fv_low_q == 32'd3 && fv_unit_q == 3'd2 && fv_live && fv_any == 5'b01001 && fv_index == 32'd1 && fv_any_q == 2'b11);
    cover_RUN_7: cover (fv_twice_q && fault_o == {3'd4, 8'd6});
    cover_RUN_8: cover (fv_twice_q && clear_o);
    cover_RUN_9: cover (fv_twice_q && soft_busy_o && clear_o);
    cover_RUN_10: cover (fv_twice_q && fv_wanted_q);
    cover_RUN_11: cover (fv_twice_q && fv_ended_q);
    cover_RUN_12: cover (fv_twice_q && fv_fault_q && moving_o);
  end
