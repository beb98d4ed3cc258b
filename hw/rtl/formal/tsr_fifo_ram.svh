// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_fifo_ram. One word, picked by the solver, is followed from push to take.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  (* anyseq *) logic fv_pick;
  logic             fv_in_q, fv_wait_q, fv_young_q;  // young: a word came in the last cycle
  logic [PtrW:0]    fv_count_q, fv_ahead_q;
  logic [Width-1:0] fv_word_q, fv_offer_q;
  logic             fv_take;
  assign fv_take = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_count_q <= '0;
      fv_in_q    <= 1'b0;
      fv_wait_q  <= 1'b0;
      fv_young_q <= 1'b0;
    end else begin
      fv_count_q <= fv_count_q + (PtrW+1)'(push_i) - (PtrW+1)'(fv_take);
      fv_wait_q  <= valid_o && !ready_i;
      fv_young_q <= push_i;
      if (!fv_in_q && fv_pick && push_i) begin
        fv_in_q    <= 1'b1;
        fv_ahead_q <= fv_count_q - (PtrW+1)'(fv_take);
        fv_word_q  <= data_i;
      end else if (fv_in_q && fv_take) begin
        fv_in_q    <= fv_ahead_q != 0;
        fv_ahead_q <= fv_ahead_q - (PtrW+1)'(1);
      end
    end
    fv_offer_q <= data_o;
  end

  // Where the picked word is: in the output register, or in memory behind it.
  logic [PtrW:0]   fv_depth;
  logic [PtrW-1:0] fv_at;
  assign fv_depth = wr_q - rd_q;
  assign fv_at    = rd_q[PtrW-1:0] + fv_ahead_q[PtrW-1:0] - PtrW'(valid_q);

  always_comb if (fv_up_q) begin
    if (push_i) RAM_A1: `FV_ENV (fv_count_q < (PtrW+1)'(Depth));

    if (valid_o) RAM_1: assert (fv_count_q != 0);
    if (fv_in_q && fv_ahead_q == 0 && valid_o) RAM_2: assert (data_o == fv_word_q);
    if (fv_wait_q) RAM_3: assert (valid_o && data_o == fv_offer_q);
    if (fv_count_q != (PtrW+1)'(fv_young_q)) RAM_4: assert (valid_o);

    inv_count: assert (fv_count_q == fv_depth + (PtrW+1)'(valid_q) && fv_count_q <= (PtrW+1)'(Depth));
    if (fv_young_q) inv_young: assert (fv_count_q != 0);
    if (!valid_q) inv_empty: assert (fv_depth == (PtrW+1)'(fv_young_q));
    if (fv_in_q) inv_ahead: assert (fv_ahead_q < fv_count_q);
    if (fv_in_q && (!valid_q || fv_ahead_q != 0)) inv_word: assert (mem[fv_at] == fv_word_q);
  end

  logic fv_up;                                         // for the invariants of modules around this one
  assign fv_up = fv_up_q;
  logic fv_full_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && fv_count_q == (PtrW+1)'(Depth)) fv_full_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni) begin
    cover_RAM_1: cover (fv_full_q && fv_count_q == 0 && !valid_o);
    cover_RAM_2: cover (fv_full_q && fv_in_q && fv_ahead_q == 0 && fv_take && &fv_word_q);
    cover_RAM_3: cover (fv_wait_q && ready_i && fv_full_q);
    cover_RAM_4: cover (fv_full_q && fv_count_q == 2 && fv_take && fv_young_q);
  end
