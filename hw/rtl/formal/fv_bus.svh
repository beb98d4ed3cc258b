// SPDX-License-Identifier: Apache-2.0
// Rules between requesters and the port, and the invariants that tie the checker to the state of the two halves.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;
  localparam int unsigned FvN = tsr_cfg_pkg::OutstandingBursts;
  localparam int unsigned FvW = $clog2(FvN) + 1;
  localparam int unsigned FvSkid = 9 * BusBytes + 1;

  (* hierconn *) wire \u_port.fv_up ;
  (* hierconn *) wire \u_port.fv_in ;
  (* hierconn *) wire [FvW:0] \u_port.fv_ahead ;
  (* hierconn *) wire [7:0] \u_port.fv_len ;
  (* hierconn *) wire [7:0] \u_port.fv_beat ;
  (* hierconn *) wire \u_port.ar_new ;
  (* hierconn *) wire \u_port.aw_new ;
  (* hierconn *) wire [FvW:0] \u_port.r_open_q ;
  (* hierconn *) wire [FvW:0] \u_port.r_due_q ;
  (* hierconn *) wire [FvW:0] \u_port.b_open_q ;
  (* hierconn *) wire [FvW:0] \u_port.w_open_q ;
  (* hierconn *) wire [FvW:0] \u_port.aw_due_q ;
  (* hierconn *) wire [FvW:0] \u_port.w_due_q ;
  (* hierconn *) wire \u_port.ar_wait_q ;
  (* hierconn *) wire \u_port.aw_wait_q ;
  (* hierconn *) wire \u_port.w_wait_q ;
  (* hierconn *) wire \u_port.reset_q ;
  (* hierconn *) wire \u_port.drain_q ;
  (* hierconn *) wire [76:0] \u_port.ar_q ;
  (* hierconn *) wire [76:0] \u_port.aw_q ;
  (* hierconn *) wire [FvSkid-1:0] \u_port.w_q ;
  (* hierconn *) wire [FvW-1:0] \u_read.u_owner.fv_count_q ;
  (* hierconn *) wire \u_read.u_owner.fv_up ;
  (* hierconn *) wire \u_read.wait_q ;
  (* hierconn *) wire [FvW-1:0] \u_write.u_beats.fv_count_q ;
  (* hierconn *) wire [FvW-1:0] \u_write.u_beats.rd_q ;
  (* hierconn *) wire [8*FvN-1:0] \u_write.u_beats.fv_mem ;
  (* hierconn *) wire \u_write.u_beats.fv_up ;
  (* hierconn *) wire [7:0] \u_write.beat_q ;
  (* hierconn *) wire [FvW-1:0] \u_write.u_responses.fv_count_q ;
  (* hierconn *) wire \u_write.u_responses.fv_up ;
  (* hierconn *) wire [1:0] \u_write.u_skid.fv_count_q ;
  (* hierconn *) wire [1:0] \u_write.u_skid.rd_q ;
  (* hierconn *) wire [2*FvSkid-1:0] \u_write.u_skid.fv_mem ;
  (* hierconn *) wire \u_write.u_skid.fv_up ;
  (* hierconn *) wire \g_burst[0].u_burst.fv_up ;
  (* hierconn *) wire \g_burst[1].u_burst.fv_up ;
  (* hierconn *) wire \g_burst[2].u_burst.fv_up ;

  // Words in the skid: the last flags, how many, how many lasts, words behind the youngest last.
  logic       fv_front, fv_second;
  logic [1:0] fv_words, fv_lasts, fv_trail;
  assign fv_words  = \u_write.u_skid.fv_count_q ;
  assign fv_front  = fv_words != 0 && \u_write.u_skid.fv_mem [FvSkid*32'(\u_write.u_skid.rd_q [0])+FvSkid-1];
  assign fv_second = fv_words == 2 && \u_write.u_skid.fv_mem [FvSkid*32'(!\u_write.u_skid.rd_q [0])+FvSkid-1];
  assign fv_lasts  = 2'(fv_front) + 2'(fv_second);
  assign fv_trail  = fv_second ? 2'd0 : fv_front ? fv_words - 2'd1 : fv_words;

  // The picked burst in the beats FIFO, if all of its words have not gone to the skid.
  logic [FvW:0]   fv_pos;
  logic [FvW-2:0] fv_slot, fv_newest;
  assign fv_newest = \u_write.u_beats.rd_q [FvW-2:0] + \u_write.u_beats.fv_count_q [FvW-2:0] - (FvW-1)'(1);
  assign fv_pos  = \u_port.fv_ahead - (FvW+1)'(fv_lasts);
  assign fv_slot = \u_write.u_beats.rd_q [FvW-2:0] + fv_pos[FvW-2:0];

  always_comb if (fv_up_q) begin
    if (region_valid_i[0]) BUS_A1a: `FV_ENV (region_bytes_i[31:0] != 0);
    if (region_valid_i[1]) BUS_A1b: `FV_ENV (region_bytes_i[63:32] != 0);
    if (region_valid_i[2]) BUS_A1c: `FV_ENV (region_bytes_i[95:64] != 0);
  end
  always_comb inv_up: assert ({\u_port.fv_up , \u_read.u_owner.fv_up , \u_write.u_beats.fv_up , \u_write.u_responses.fv_up ,
      \u_write.u_skid.fv_up , \g_burst[0].u_burst.fv_up , \g_burst[1].u_burst.fv_up , \g_burst[2].u_burst.fv_up } == {8{fv_up_q}});

  logic fv_asked_q;                                    // in the clock before fetch asked in vain
  always_ff @(posedge clk_i) fv_asked_q <= rst_ni && burst_valid[0] && !hold_i[0] && !req_ready[0];

  always_comb if (fv_up_q && rst_ni) begin
    inv_asked: assert (\u_read.wait_q == fv_asked_q);
    if (fv_asked_q) BUS_1: assert (!req_ready[1]);
    if (rvalid) BUS_2: assert (r0_valid != r1_valid);
    BUS_3: assert (!(read_idle && \u_port.r_open_q != 0) && !(write_idle && \u_port.b_open_q != 0));
    if (\u_port.r_open_q == 0 && !arvalid) BUS_4a: assert (read_idle);
    if (\u_port.b_open_q == 0 && !awvalid) BUS_4b: assert (write_idle);

    inv_read: assert (\u_port.r_open_q + (FvW+1)'(\u_port.ar_new ) == (FvW+1)'(\u_read.u_owner.fv_count_q ));
    inv_read_due: assert (\u_port.r_due_q + (FvW+1)'(arvalid) == (FvW+1)'(\u_read.u_owner.fv_count_q ));
    inv_beats: assert (\u_port.w_open_q + (FvW+1)'(\u_port.aw_new ) == (FvW+1)'(\u_write.u_beats.fv_count_q ) + (FvW+1)'(fv_lasts));
    inv_resp: assert (\u_port.b_open_q + (FvW+1)'(\u_port.aw_new ) == (FvW+1)'(\u_write.u_responses.fv_count_q ));
    inv_aw_due: assert (\u_port.aw_due_q + (FvW+1)'(awvalid) == (FvW+1)'(\u_write.u_responses.fv_count_q ));
    inv_w_due: assert (\u_port.w_due_q + (FvW+1)'(\u_write.u_beats.fv_count_q ) + (FvW+1)'(fv_lasts)
                       == (FvW+1)'(\u_write.u_responses.fv_count_q ));
    if (\u_port.ar_wait_q ) inv_ar: assert (arvalid && \u_port.ar_q == {2'b01, 3'($clog2(BusBytes)), arlen, araddr});
    if (\u_port.aw_wait_q ) inv_aw: assert (awvalid && \u_port.aw_q == {2'b01, 3'($clog2(BusBytes)), awlen, awaddr});
    if (\u_port.w_wait_q ) inv_w: assert (wvalid && \u_port.w_q == {wlast, wstrb, wdata});
    if (\u_port.reset_q ) inv_reset: assert (!arvalid && !awvalid && !wvalid);
    if (\u_port.drain_q ) inv_drain: assert (!\u_port.ar_new && !\u_port.aw_new );
    inv_range: assert (\u_port.r_open_q <= (FvW+1)'(FvN) && \u_port.r_due_q <= (FvW+1)'(FvN) && \u_port.b_open_q <= (FvW+1)'(FvN)
                       && \u_port.w_open_q <= (FvW+1)'(FvN) && \u_port.aw_due_q <= (FvW+1)'(FvN) && \u_port.w_due_q <= (FvW+1)'(FvN));
    if (\u_port.aw_new ) inv_new: assert (\u_write.u_beats.fv_count_q != 0 && \u_write.u_beats.fv_mem [8*32'(fv_newest)+:8] == awlen
                                          && (\u_write.u_beats.fv_count_q != 1 || \u_write.beat_q == 0));
    if (\u_write.u_beats.fv_count_q == 0) inv_no_beat: assert (\u_write.beat_q == 0);
    inv_trail: assert (8'(fv_trail) <= \u_write.beat_q && (fv_lasts == 0 || 8'(fv_trail) == \u_write.beat_q ));
    if (\u_write.u_beats.fv_count_q != 0) inv_beat: assert (\u_write.beat_q <= \u_write.u_beats.fv_mem [8*32'(\u_write.u_beats.rd_q [FvW-2:0])+:8]);
    if (\u_port.fv_in ) begin
      if (\u_port.fv_ahead >= (FvW+1)'(fv_lasts)) begin
        inv_slot: assert (fv_pos < (FvW+1)'(\u_write.u_beats.fv_count_q ) && \u_write.u_beats.fv_mem [8*32'(fv_slot)+:8] == \u_port.fv_len );
        if (fv_pos == 0) inv_sent: assert ((\u_port.fv_ahead == 0 ? \u_port.fv_beat : 8'd0) + 8'(fv_trail) == \u_write.beat_q );
      end else if (\u_port.fv_ahead == 0) begin
        inv_first: assert (\u_port.fv_beat + 8'(!fv_front) == \u_port.fv_len );
      end else inv_other: assert (\u_port.fv_ahead == 1 && \u_port.fv_len == 0);
      if (\u_port.fv_ahead != 0) inv_fresh: assert (\u_port.fv_beat == 0);
    end
  end

  always_comb if (fv_up_q && rst_ni) begin
    cover_BUS_1: cover (fv_asked_q && burst_valid[0] && burst_valid[1] && hold_i[1:0] == 0 && req_ready[0]);
    cover_BUS_2: cover (rvalid && r1_valid);
    cover_BUS_3: cover (!read_idle && !write_idle);
    cover_BUS_4: cover (read_idle && write_idle && drain_i && \u_port.drain_q );
  end
