// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_fifo. One word, picked by the solver, is followed from push to pop; all others only count.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  (* anyseq *) logic fv_pick;
  logic             fv_in_q, fv_wait_q;            // the picked word is inside; a word was offered and not taken
  logic [PtrW:0]    fv_count_q, fv_ahead_q;        // words inside; of those, in front of the picked one
  logic [Width-1:0] fv_word_q, fv_offer_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_count_q <= '0;
      fv_in_q    <= 1'b0;
      fv_wait_q  <= 1'b0;
    end else begin
      fv_count_q <= fv_count_q + (PtrW+1)'(valid_i && ready_o) - (PtrW+1)'(valid_o && ready_i);
      fv_wait_q  <= valid_o && !ready_i;
      if (!fv_in_q && fv_pick && valid_i && ready_o) begin
        fv_in_q    <= 1'b1;
        fv_ahead_q <= fv_count_q - (PtrW+1)'(valid_o && ready_i);
        fv_word_q  <= data_i;
      end else if (fv_in_q && valid_o && ready_i) begin
        fv_in_q    <= fv_ahead_q != 0;
        fv_ahead_q <= fv_ahead_q - (PtrW+1)'(1);
      end
    end
    fv_offer_q <= data_o;
  end

  always_comb if (fv_up_q) begin
    FIFO_1: assert (ready_o == (fv_count_q != (PtrW+1)'(Depth)));
    FIFO_2: assert (valid_o == (fv_count_q != 0));
    if (fv_in_q && fv_ahead_q == 0) FIFO_3: assert (valid_o && data_o == fv_word_q);
    if (fv_wait_q) FIFO_4: assert (valid_o && data_o == fv_offer_q);

    inv_count: assert (fv_count_q == wr_q - rd_q && fv_count_q <= (PtrW+1)'(Depth));
    if (fv_in_q) inv_ahead: assert (fv_ahead_q < fv_count_q);
    if (fv_in_q) inv_word: assert (mem[rd_q[PtrW-1:0] + fv_ahead_q[PtrW-1:0]] == fv_word_q);
  end

  // For the invariants of modules around this one.
  logic fv_up;
  assign fv_up = fv_up_q;
  logic [Width*Depth-1:0] fv_mem;
  for (genvar n = 0; n < Depth; n++) begin : g_fv_mem
    assign fv_mem[Width*n+:Width] = mem[n];
  end

  logic fv_full_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && fv_count_q == (PtrW+1)'(Depth)) fv_full_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni) begin
    cover_FIFO_1: cover (fv_full_q && ready_o);
    cover_FIFO_2: cover (fv_full_q && !valid_o);
    cover_FIFO_3: cover (fv_full_q && fv_in_q && fv_ahead_q == 0 && ready_i && fv_word_q[0]);
    cover_FIFO_4: cover (fv_wait_q && ready_i);
  end
