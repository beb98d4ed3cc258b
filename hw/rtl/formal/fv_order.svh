// SPDX-License-Identifier: Apache-2.0
// Rules of dispatch, queues and token counters together: none overtaken, none lost, no deadlock. They are about one pair of
// units, producer and consumer, that the solver picks at reset, so that they hold for all twelve. Two of its instructions,
// picked by the solver too, are followed: one that waits and one that gives.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;
  (* anyseq *) logic [1:0] fv_any_p, fv_any_c;
  (* anyseq *) logic       fv_pick_x, fv_pick_g;
  localparam int unsigned FvQ = $clog2(Depth), FvR = $clog2(Running);

  logic [1:0] fv_p_q, fv_c_q;
  always_ff @(posedge clk_i) if (!rst_ni) begin
    fv_p_q <= fv_any_p;
    fv_c_q <= fv_any_c == fv_any_p ? fv_any_c + 2'd1 : fv_any_c;
  end

  (* hierconn *) wire [127:0] \u_dispatch.token_q ;
  (* hierconn *) wire \u_dispatch.fv_decides ;
  (* hierconn *) wire \u_dispatch.fv_ends ;
  (* hierconn *) wire \u_dispatch.fv_up ;
  (* hierconn *) wire [127:0] \u_tokens.count_q ;
  (* hierconn *) wire [FvQ:0] \u_queue.wr_q , \u_queue.ahead_q , \u_queue.back_q ;
  (* hierconn *) wire [8*Depth-1:0] \u_queue.fv_mem ;
  (* hierconn *) wire \u_queue.fv_up ;

  // State of the queues and of what is under way, unit by unit.
  logic [4*(FvQ+1)-1:0] fv_wr, fv_back;
  logic [4*(FvR+1)-1:0] fv_run_wr, fv_run_rd;
  logic [32*Depth-1:0]   fv_mem;
  logic [16*Running-1:0] fv_run_mem;
  logic [7:0]            fv_ups;
  assign fv_wr[FvQ:0]        = \u_queue.wr_q ;
  assign fv_back[FvQ:0]      = \u_queue.back_q ;
  assign fv_mem[8*Depth-1:0] = \u_queue.fv_mem ;
  assign fv_ups[0]           = \u_queue.fv_up ;
  (* hierconn *) wire [FvR:0] \g_unit[0].u_running.wr_q , \g_unit[0].u_running.rd_q ;
  (* hierconn *) wire [4*Running-1:0] \g_unit[0].u_running.fv_mem ;
  (* hierconn *) wire \g_unit[0].u_running.fv_up ;
  assign fv_run_wr[(FvR+1)*0+:FvR+1]        = \g_unit[0].u_running.wr_q ;
  assign fv_run_rd[(FvR+1)*0+:FvR+1]        = \g_unit[0].u_running.rd_q ;
  assign fv_run_mem[4*Running*0+:4*Running] = \g_unit[0].u_running.fv_mem ;
  assign fv_ups[4]                          = \g_unit[0].u_running.fv_up ;
  (* hierconn *) wire [FvQ:0] \g_unit[1].g_queue.u_queue.wr_q , \g_unit[1].g_queue.u_queue.rd_q ;
  (* hierconn *) wire [8*Depth-1:0] \g_unit[1].g_queue.u_queue.fv_mem ;
  (* hierconn *) wire \g_unit[1].g_queue.u_queue.fv_up ;
  assign fv_wr[(FvQ+1)*1+:FvQ+1]    = \g_unit[1].g_queue.u_queue.wr_q ;
  assign fv_back[(FvQ+1)*1+:FvQ+1]  = \g_unit[1].g_queue.u_queue.rd_q ;
  assign fv_mem[8*Depth*1+:8*Depth] = \g_unit[1].g_queue.u_queue.fv_mem ;
  assign fv_ups[1]                 = \g_unit[1].g_queue.u_queue.fv_up ;
  (* hierconn *) wire [FvR:0] \g_unit[1].u_running.wr_q , \g_unit[1].u_running.rd_q ;
  (* hierconn *) wire [4*Running-1:0] \g_unit[1].u_running.fv_mem ;
  (* hierconn *) wire \g_unit[1].u_running.fv_up ;
  assign fv_run_wr[(FvR+1)*1+:FvR+1]        = \g_unit[1].u_running.wr_q ;
  assign fv_run_rd[(FvR+1)*1+:FvR+1]        = \g_unit[1].u_running.rd_q ;
  assign fv_run_mem[4*Running*1+:4*Running] = \g_unit[1].u_running.fv_mem ;
  assign fv_ups[5]                          = \g_unit[1].u_running.fv_up ;
  (* hierconn *) wire [FvQ:0] \g_unit[2].g_queue.u_queue.wr_q , \g_unit[2].g_queue.u_queue.rd_q ;
  (* hierconn *) wire [8*Depth-1:0] \g_unit[2].g_queue.u_queue.fv_mem ;
  (* hierconn *) wire \g_unit[2].g_queue.u_queue.fv_up ;
  assign fv_wr[(FvQ+1)*2+:FvQ+1]    = \g_unit[2].g_queue.u_queue.wr_q ;
  assign fv_back[(FvQ+1)*2+:FvQ+1]  = \g_unit[2].g_queue.u_queue.rd_q ;
  assign fv_mem[8*Depth*2+:8*Depth] = \g_unit[2].g_queue.u_queue.fv_mem ;
  assign fv_ups[2]                 = \g_unit[2].g_queue.u_queue.fv_up ;
  (* hierconn *) wire [FvR:0] \g_unit[2].u_running.wr_q , \g_unit[2].u_running.rd_q ;
  (* hierconn *) wire [4*Running-1:0] \g_unit[2].u_running.fv_mem ;
  (* hierconn *) wire \g_unit[2].u_running.fv_up ;
  assign fv_run_wr[(FvR+1)*2+:FvR+1]        = \g_unit[2].u_running.wr_q ;
  assign fv_run_rd[(FvR+1)*2+:FvR+1]        = \g_unit[2].u_running.rd_q ;
  assign fv_run_mem[4*Running*2+:4*Running] = \g_unit[2].u_running.fv_mem ;
  assign fv_ups[6]                          = \g_unit[2].u_running.fv_up ;
  (* hierconn *) wire [FvQ:0] \g_unit[3].g_queue.u_queue.wr_q , \g_unit[3].g_queue.u_queue.rd_q ;
  (* hierconn *) wire [8*Depth-1:0] \g_unit[3].g_queue.u_queue.fv_mem ;
  (* hierconn *) wire \g_unit[3].g_queue.u_queue.fv_up ;
  assign fv_wr[(FvQ+1)*3+:FvQ+1]    = \g_unit[3].g_queue.u_queue.wr_q ;
  assign fv_back[(FvQ+1)*3+:FvQ+1]  = \g_unit[3].g_queue.u_queue.rd_q ;
  assign fv_mem[8*Depth*3+:8*Depth] = \g_unit[3].g_queue.u_queue.fv_mem ;
  assign fv_ups[3]                 = \g_unit[3].g_queue.u_queue.fv_up ;
  (* hierconn *) wire [FvR:0] \g_unit[3].u_running.wr_q , \g_unit[3].u_running.rd_q ;
  (* hierconn *) wire [4*Running-1:0] \g_unit[3].u_running.fv_mem ;
  (* hierconn *) wire \g_unit[3].u_running.fv_up ;
  assign fv_run_wr[(FvR+1)*3+:FvR+1]        = \g_unit[3].u_running.wr_q ;
  assign fv_run_rd[(FvR+1)*3+:FvR+1]        = \g_unit[3].u_running.rd_q ;
  assign fv_run_mem[4*Running*3+:4*Running] = \g_unit[3].u_running.fv_mem ;
  assign fv_ups[7]                          = \g_unit[3].u_running.fv_up ;

  // The pair's: token of dispatch, counter at the units, events, queue of the consumer, queue and running ones of the producer.
  logic               fv_push_p, fv_push_c, fv_wait, fv_signal, fv_take, fv_give, fv_avail, fv_done;
  logic [7:0]         fv_balance, fv_count;
  logic [FvQ:0]       fv_c_wr, fv_c_take, fv_p_wr, fv_p_back;
  logic [FvR:0]       fv_p_run, fv_p_rd;
  logic [Depth-1:0]   fv_c_wait, fv_p_signal;
  logic [Running-1:0] fv_p_running;
  logic [PendW-1:0]   fv_p_pending;
  always_comb begin
    fv_balance   = '0;
    fv_count     = '0;
    fv_push_p    = 1'b0;
    fv_push_c    = 1'b0;
    fv_take      = 1'b0;
    fv_give      = 1'b0;
    fv_avail     = 1'b0;
    fv_done      = 1'b0;
    fv_c_wr      = '0;
    fv_c_take    = '0;
    fv_p_wr      = '0;
    fv_p_back    = '0;
    fv_p_run     = '0;
    fv_p_rd      = '0;
    fv_c_wait    = '0;
    fv_p_signal  = '0;
    fv_p_running = '0;
    fv_p_pending = '0;
    fv_wait      = 1'b0;
    fv_signal    = 1'b0;
    for (int p = 0; p < 4; p++) begin
      for (int c = 0; c < 4; c++) if (fv_p_q == 2'(p) && fv_c_q == 2'(c)) begin
        fv_balance = \u_dispatch.token_q [8*(4*p+c)+:8];
        fv_count   = \u_tokens.count_q [8*(4*c+p)+:8];
        fv_take    = take[4*c+p];
        fv_give    = give[4*p+c];
        fv_avail   = avail[4*c+p];
        for (int i = 0; i < Depth; i++) begin
          fv_c_wait[i]   = fv_mem[8*(Depth*c+i)+p];
          fv_p_signal[i] = fv_mem[8*(Depth*p+i)+4+c];
        end
        for (int i = 0; i < Running; i++) fv_p_running[i] = fv_run_mem[4*(Running*p+i)+c];
      end
      if (fv_p_q == 2'(p)) begin
        fv_push_p    = push[p];
        fv_done      = done[p];
        fv_wait      = insn[8+p];
        fv_p_wr      = fv_wr[(FvQ+1)*p+:FvQ+1];
        fv_p_back    = fv_back[(FvQ+1)*p+:FvQ+1];
        fv_p_run     = fv_run_wr[(FvR+1)*p+:FvR+1] - fv_run_rd[(FvR+1)*p+:FvR+1];
        fv_p_rd      = fv_run_rd[(FvR+1)*p+:FvR+1];
        fv_p_pending = pending[PendW*p+:PendW];
      end
      if (fv_c_q == 2'(p)) begin
        fv_push_c = push[p];
        fv_signal = insn[12+p];
        fv_c_wr   = fv_wr[(FvQ+1)*p+:FvQ+1];
        fv_c_take = p == 0 && fv_p_q == 2'd3 ? \u_queue.ahead_q : fv_back[(FvQ+1)*p+:FvQ+1];
      end
    end
  end

  // The picked waiter: it is number fv_x_ptr_q of the consumer's queue; fv_x_old_q of the producer's unfinished ones are older.
  logic             fv_x_q, fv_x_late_q;             // followed until it takes its token; its token was not there in some clock
  logic [FvQ:0]     fv_x_ptr_q, fv_x_at;
  logic [PendW-1:0] fv_x_old_q;
  // The picked giver: fv_g_old_q of its unit are in front of it; fv_rank_q tokens of the pair are taken before its own.
  // The n-th wait of the pair belongs to its n-th signal: fv_due_q more waits of the pair are to be accepted before that.
  logic             fv_g_q, fv_g_open_q, fv_h_q;     // its token is not taken; it is unfinished; the waiter is accepted
  logic [FvQ:0]     fv_h_ptr_q, fv_h_at;
  logic [PendW-1:0] fv_g_old_q;
  logic [9:0]       fv_rank_q, fv_due_q;
  assign fv_x_at = fv_x_ptr_q - fv_c_take;
  assign fv_h_at = fv_h_ptr_q - fv_c_take;

  // Waits and signals of the pair that are accepted, not yet taken and given: all, and those before the picked ones.
  logic [9:0]   fv_waits, fv_x_waits, fv_h_waits, fv_signals, fv_x_signals, fv_g_signals;
  logic [FvQ-1:0]   fv_age;                          // of a queue's slot: 0 is the next to be taken
  logic [FvR-1:0]   fv_run_age;
  logic [FvQ:0]     fv_c_left, fv_p_left;
  logic [PendW-1:0] fv_place;
  logic             fv_g_own;                        // the picked giver has a signal of the pair
  assign fv_c_left = fv_c_wr - fv_c_take;
  assign fv_p_left = fv_p_wr - fv_p_back;
  always_comb begin
    fv_waits     = '0;
    fv_x_waits   = '0;
    fv_h_waits   = '0;
    fv_signals   = '0;
    fv_x_signals = '0;
    fv_g_signals = '0;
    fv_g_own     = 1'b0;
    for (int i = 0; i < Depth; i++) begin
      fv_age = FvQ'(i) - fv_c_take[FvQ-1:0];
      if (fv_c_wait[i] && {1'b0, fv_age} < fv_c_left) begin
        fv_waits = fv_waits + 10'd1;
        if ({1'b0, fv_age} < fv_x_at) fv_x_waits = fv_x_waits + 10'd1;
        if ({1'b0, fv_age} < fv_h_at) fv_h_waits = fv_h_waits + 10'd1;
      end
      fv_age   = FvQ'(i) - fv_p_back[FvQ-1:0];
      fv_place = PendW'(fv_age) + PendW'(fv_p_run);
      if (fv_p_signal[i] && {1'b0, fv_age} < fv_p_left) begin
        fv_signals = fv_signals + 10'd1;
        if (fv_place < fv_x_old_q) fv_x_signals = fv_x_signals + 10'd1;
        if (fv_place < fv_g_old_q) fv_g_signals = fv_g_signals + 10'd1;
        if (fv_place == fv_g_old_q) fv_g_own = 1'b1;
      end
    end
    for (int i = 0; i < Running; i++) begin
      fv_run_age = FvR'(i) - fv_p_rd[FvR-1:0];
      fv_place   = PendW'(fv_run_age);
      if (fv_p_running[i] && fv_place < PendW'(fv_p_run)) begin
        fv_signals = fv_signals + 10'd1;
        if (fv_place < fv_x_old_q) fv_x_signals = fv_x_signals + 10'd1;
        if (fv_place < fv_g_old_q) fv_g_signals = fv_g_signals + 10'd1;
        if (fv_place == fv_g_old_q) fv_g_own = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_x_q <= 1'b0;
      fv_g_q <= 1'b0;
    end else begin
      if (!fv_x_q) begin
        if (fv_pick_x && fv_push_c && fv_wait) begin
          fv_x_q      <= 1'b1;
          fv_x_late_q <= 1'b0;
          fv_x_ptr_q  <= fv_c_wr;
          fv_x_old_q  <= fv_p_pending - PendW'(fv_done);
        end
      end else begin
        if (fv_done && fv_x_old_q != 0) fv_x_old_q <= fv_x_old_q - PendW'(1);
        if (fv_take && fv_x_at == 0) fv_x_q <= 1'b0;
        if (fv_x_at == 0 && !fv_avail) fv_x_late_q <= 1'b1;
      end

      if (!fv_g_q) begin
        if (fv_pick_g && fv_push_p && fv_signal) begin
          fv_g_q      <= 1'b1;
          fv_g_open_q <= 1'b1;
          fv_h_q      <= 1'b0;
          fv_g_old_q  <= fv_p_pending - PendW'(fv_done);
          fv_due_q    <= 10'(fv_balance);
          fv_rank_q   <= 10'(fv_balance) + fv_waits - 10'(fv_take);
        end
      end else begin
        if (fv_g_open_q && fv_done) begin
          fv_g_open_q <= fv_g_old_q != 0;
          fv_g_old_q  <= fv_g_old_q - PendW'(1);
        end
        if (fv_take) begin
          fv_g_q    <= fv_rank_q != 0;
          fv_rank_q <= fv_rank_q - 10'd1;
        end
        if (!fv_h_q && fv_push_c && fv_wait) begin
          fv_h_q     <= fv_due_q == 0;
          fv_due_q   <= fv_due_q - 10'd1;
          fv_h_ptr_q <= fv_c_wr;
        end
      end
    end
  end

  logic [3:0]   fv_counted;
  logic [FvQ:0] fv_queued;
  logic [FvR:0] fv_running;
  always_comb for (int u = 0; u < 4; u++) begin
    fv_queued     = fv_wr[(FvQ+1)*u+:FvQ+1] - fv_back[(FvQ+1)*u+:FvQ+1];
    fv_running    = fv_run_wr[(FvR+1)*u+:FvR+1] - fv_run_rd[(FvR+1)*u+:FvR+1];
    fv_counted[u] = pending[PendW*u+:PendW] == PendW'(fv_queued) + PendW'(fv_running);
  end
  logic fv_end_q, fv_idle_q;
  always_ff @(posedge clk_i) begin
    fv_end_q  <= rst_ni && pending == 0 && \u_dispatch.fv_ends ;
    fv_idle_q <= rst_ni && pending == 0;
  end

  always_comb inv_up: assert ({\u_dispatch.fv_up , fv_ups} == {9{fv_up_q}});
  always_comb if (fv_up_q) inv_pair: assert (fv_p_q != fv_c_q);
  always_comb if (fv_up_q && rst_ni) begin
    if (fv_x_q && fv_x_old_q == 0 && fv_x_waits == 0) DEADLOCK_1: assert (fv_avail);
    if (fv_idle_q && pending == 0 && \u_dispatch.fv_decides ) DEADLOCK_2a: assert (push != 0);
    DEADLOCK_2b: assert (finish == fv_end_q);
    if (fv_g_q && fv_h_q && fv_take && fv_h_at == 0) ORDER_1: assert (!fv_g_open_q);
    if (fv_g_q && fv_take) ORDER_2: assert ((fv_rank_q == 0) == (fv_h_q && fv_h_at == 0));
    ORDER_3: assert (10'(fv_balance) + fv_waits == 10'(fv_count) + fv_signals);
    if (fv_give && !fv_take) ORDER_4: assert (fv_count != 8'd255);

    inv_counted: assert (&fv_counted);
    inv_avail: assert (fv_avail == (fv_count != 0));
    inv_fits: assert (10'(fv_balance) + fv_waits <= 10'd255);
    if (fv_x_q) begin
      inv_x_at: assert (fv_x_at < fv_c_left && fv_c_wait[fv_x_ptr_q[FvQ-1:0]]);
      inv_x_old: assert (fv_x_old_q <= fv_p_pending);
      inv_x: assert (10'(fv_count) + fv_x_signals > fv_x_waits);
    end
    if (fv_g_q) begin
      if (fv_g_open_q) begin
        inv_g_old: assert (fv_g_old_q < fv_p_pending && fv_g_own);
        inv_rank: assert (fv_rank_q == 10'(fv_count) + fv_g_signals);
      end else inv_given: assert (fv_rank_q < 10'(fv_count));
      if (fv_h_q) begin
        inv_h_at: assert (fv_h_at < fv_c_left && fv_c_wait[fv_h_ptr_q[FvQ-1:0]]);
        inv_h: assert (fv_rank_q == fv_h_waits);
      end else inv_due: assert (fv_rank_q == fv_due_q + fv_waits && fv_due_q < 10'(fv_balance));
    end

    cover_DEADLOCK_1: cover (fv_x_q && fv_x_old_q == 0 && fv_x_waits == 0 && fv_x_late_q && fv_p_q == 2'd3 && fv_c_q == 2'd0);
    cover_DEADLOCK_2: cover (pending == 0 && \u_dispatch.fv_decides && fv_balance != 0);
    cover_ORDER_1: cover (fv_g_q && fv_h_q && fv_g_open_q && fv_rank_q == 1 && fv_take && fv_c_q != 2'd0);
    cover_ORDER_2: cover (fv_g_q && fv_h_q && !fv_g_open_q && fv_h_at == 0 && fv_take && fv_h_ptr_q == (FvQ+1)'(2));
    cover_ORDER_3: cover (fv_balance == 1 && fv_count == 1 && fv_waits == 1 && fv_signals == 1);
    cover_ORDER_4: cover (fv_give && fv_take && fv_count == 2);
  end
