// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_queue_ahead. One item, picked by the solver, is followed past both readers.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  (* anyseq *) logic fv_pick;
  logic             fv_in_q, fv_front_q;             // the picked item is inside; the ahead reader has it still to take
  logic             fv_ahead_wait_q, fv_back_wait_q;
  logic [PtrW:0]    fv_fresh_q, fv_seen_q;           // items that the ahead reader has to take; has taken, inside
  logic [PtrW:0]    fv_to_ahead_q, fv_to_back_q;     // items in front of the picked one, for each reader
  logic [Width-1:0] fv_item_q, fv_ahead_q, fv_back_q;
  logic             fv_push, fv_ahead_take, fv_back_take;
  assign fv_push       = valid_i && ready_o;
  assign fv_ahead_take = ahead_valid_o && ahead_ready_i;
  assign fv_back_take  = back_valid_o && back_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_fresh_q      <= '0;
      fv_seen_q       <= '0;
      fv_in_q         <= 1'b0;
      fv_ahead_wait_q <= 1'b0;
      fv_back_wait_q  <= 1'b0;
    end else begin
      fv_fresh_q      <= fv_fresh_q + (PtrW+1)'(fv_push) - (PtrW+1)'(fv_ahead_take);
      fv_seen_q       <= fv_seen_q + (PtrW+1)'(fv_ahead_take) - (PtrW+1)'(fv_back_take);
      fv_ahead_wait_q <= ahead_valid_o && !ahead_ready_i;
      fv_back_wait_q  <= back_valid_o && !back_ready_i;
      if (!fv_in_q) begin
        if (fv_pick && fv_push) begin
          fv_in_q       <= 1'b1;
          fv_front_q    <= 1'b1;
          fv_to_ahead_q <= fv_fresh_q - (PtrW+1)'(fv_ahead_take);
          fv_to_back_q  <= fv_fresh_q + fv_seen_q - (PtrW+1)'(fv_back_take);
          fv_item_q     <= data_i;
        end
      end else begin
        if (fv_front_q && fv_ahead_take) begin
          fv_front_q    <= fv_to_ahead_q != 0;
          fv_to_ahead_q <= fv_to_ahead_q - (PtrW+1)'(1);
        end
        if (fv_back_take) begin
          fv_in_q      <= fv_to_back_q != 0;
          fv_to_back_q <= fv_to_back_q - (PtrW+1)'(1);
        end
      end
    end
    fv_ahead_q <= ahead_o;
    fv_back_q  <= back_o;
  end

  always_comb if (fv_up_q) begin
    AHEAD_1: assert (ready_o == (fv_fresh_q + fv_seen_q != (PtrW+1)'(Depth)));
    AHEAD_2: assert (ahead_valid_o == (fv_fresh_q != 0));
    AHEAD_3: assert (back_valid_o == (fv_seen_q != 0));
    if (fv_in_q && fv_front_q && fv_to_ahead_q == 0) AHEAD_4: assert (ahead_valid_o && ahead_o == fv_item_q);
    if (fv_in_q && fv_back_take && fv_to_back_q == 0) AHEAD_5: assert (!fv_front_q && back_o == fv_item_q);
    if (fv_ahead_wait_q) AHEAD_6a: assert (ahead_valid_o && ahead_o == fv_ahead_q);
    if (fv_back_wait_q) AHEAD_6b: assert (back_valid_o && back_o == fv_back_q);

    inv_fresh: assert (fv_fresh_q == wr_q - ahead_q && fv_fresh_q <= (PtrW+1)'(Depth));
    inv_seen: assert (fv_seen_q == ahead_q - back_q && fv_seen_q <= (PtrW+1)'(Depth));
    inv_count: assert (wr_q - back_q <= (PtrW+1)'(Depth) && wr_q - ahead_q <= wr_q - back_q);
    inv_flags: assert (full_q == (wr_q - back_q == (PtrW+1)'(Depth)) && ahead_valid_q == (wr_q != ahead_q)
                       && back_valid_q == (ahead_q != back_q));
    if (fv_ahead_wait_q) inv_ahead_wait: assert (fv_fresh_q != 0 && fv_ahead_q == mem[ahead_q[PtrW-1:0]]);
    if (fv_back_wait_q) inv_back_wait: assert (fv_seen_q != 0 && fv_back_q == mem[back_q[PtrW-1:0]]);
    if (fv_in_q) inv_back: assert (fv_to_back_q < fv_fresh_q + fv_seen_q);
    if (fv_in_q && fv_front_q) inv_ahead: assert (fv_to_ahead_q < fv_fresh_q && fv_to_back_q == fv_to_ahead_q + fv_seen_q);
    if (fv_in_q && !fv_front_q) inv_passed: assert (fv_to_back_q < fv_seen_q);
    if (fv_in_q) inv_item: assert (mem[back_q[PtrW-1:0] + fv_to_back_q[PtrW-1:0]] == fv_item_q);
  end

  // For the invariants of modules around this one.
  logic fv_up;
  assign fv_up = fv_up_q;
  logic [Width*Depth-1:0] fv_mem;
  for (genvar n = 0; n < Depth; n++) begin : g_fv_mem
    assign fv_mem[Width*n+:Width] = mem[n];
  end

  logic fv_full_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && !ready_o) fv_full_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni) begin
    cover_AHEAD_1: cover (fv_full_q && ready_o);
    cover_AHEAD_2: cover (fv_full_q && !ahead_valid_o && back_valid_o);
    cover_AHEAD_3: cover (fv_full_q && !back_valid_o);
    cover_AHEAD_4: cover (fv_full_q && fv_in_q && fv_front_q && fv_to_ahead_q == 0 && ahead_ready_i);
    cover_AHEAD_5: cover (fv_full_q && fv_in_q && fv_to_back_q == 0 && fv_back_take && &fv_item_q);
    cover_AHEAD_6: cover (fv_ahead_wait_q && fv_back_wait_q && ahead_ready_i && back_ready_i);
  end
