// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_axi_read between requesters and bus. One burst, picked by the solver, is followed from request to last beat.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;
  localparam int unsigned FvN = tsr_cfg_pkg::OutstandingBursts;
  localparam int unsigned FvW = $clog2(FvN) + 1;

  (* hierconn *) wire [FvN-1:0] \u_owner.fv_mem ;
  (* hierconn *) wire [FvW-1:0] \u_owner.fv_count_q ;
  (* hierconn *) wire [FvW-1:0] \u_owner.rd_q ;
  (* hierconn *) wire \u_owner.fv_up ;

  (* anyseq *) logic fv_pick;
  logic              fv_in_q, fv_load_q;             // a burst is followed; LOAD asked for it
  logic [FvW-1:0]    fv_open_q, fv_due_q, fv_ahead_q; // without its last beat: asked for; accepted on AR; in front of the picked one
  logic              fv_grant_q, fv_wait_q;          // in the clock before: a request was taken; AR was not
  logic              fv_asked_q;                     // and fetch asked in vain
  logic [72:0]       fv_want_q, fv_ask_q;            // the oldest request that is not on AR yet; the last one on AR
  logic              fv_ask, fv_end;
  logic [FvW-1:0]    fv_slot;
  assign fv_ask  = req0_valid_i && req0_ready_o || req1_valid_i && req1_ready_o;
  assign fv_end  = m_axi_rvalid && m_axi_rready && m_axi_rlast;
  assign fv_slot = \u_owner.rd_q + fv_ahead_q;

  always_ff @(posedge clk_i) begin
    fv_want_q <= req0_valid_i && req0_ready_o ? {req0_beats_i, req0_addr_i} : {req1_beats_i, req1_addr_i};
    if (fv_grant_q) fv_ask_q <= fv_want_q;
    if (!rst_ni) begin
      fv_in_q    <= 1'b0;
      fv_open_q  <= '0;
      fv_due_q   <= '0;
      fv_grant_q <= 1'b0;
      fv_asked_q <= 1'b0;
      fv_wait_q  <= 1'b0;
    end else begin
      fv_open_q  <= fv_open_q + FvW'(fv_ask) - FvW'(fv_end);
      fv_due_q   <= fv_due_q + FvW'(m_axi_arvalid && m_axi_arready) - FvW'(fv_end);
      fv_grant_q <= fv_ask;
      fv_asked_q <= req0_valid_i && !req0_ready_o;
      fv_wait_q  <= m_axi_arvalid && !m_axi_arready;
      if (!fv_in_q && fv_pick && fv_ask) begin
        fv_in_q    <= 1'b1;
        fv_load_q  <= req1_valid_i && req1_ready_o;
        fv_ahead_q <= fv_open_q - FvW'(fv_end);
      end else if (fv_in_q && fv_end) begin
        fv_in_q    <= fv_ahead_q != 0;
        fv_ahead_q <= fv_ahead_q - FvW'(1);
      end
    end
  end

  always_comb inv_up: assert (\u_owner.fv_up == fv_up_q);
  always_comb if (fv_up_q && rst_ni) begin
    if (m_axi_rvalid) READ_A1: `FV_ENV (fv_due_q != 0);
    if (req0_valid_i) READ_A2a: `FV_ENV (req0_beats_i != 0 && req0_beats_i <= 9'd256);
    if (req1_valid_i) READ_A2b: `FV_ENV (req1_beats_i != 0 && req1_beats_i <= 9'd256);

    READ_1a: assert (m_axi_arvalid == (fv_grant_q || fv_wait_q));
    if (fv_grant_q) READ_1b: assert (m_axi_araddr == fv_want_q[63:0] && 9'(m_axi_arlen) + 9'd1 == fv_want_q[72:64]);
    if (!fv_grant_q && fv_wait_q) READ_1c: assert (m_axi_araddr == fv_ask_q[63:0] && 9'(m_axi_arlen) + 9'd1 == fv_ask_q[72:64]);
    if (fv_in_q && fv_ahead_q == 0 && m_axi_rvalid) READ_2: assert ({r1_valid_o, r0_valid_o} == {fv_load_q, !fv_load_q});
    READ_3a: assert ((r0_valid_o || r1_valid_o) == m_axi_rvalid);
    if (m_axi_rvalid) READ_3b: assert (r_data_o == m_axi_rdata && r_error_o == m_axi_rresp[1]);
    READ_4a: assert (fv_ask == ((req0_valid_i || req1_valid_i && !fv_asked_q) && (!m_axi_arvalid || m_axi_arready)
                               && fv_open_q != FvW'(FvN) && !abort_i));
    READ_4b: assert (!(req0_valid_i && req0_ready_o && req1_valid_i && req1_ready_o));
    if (fv_asked_q) READ_5a: assert (!req1_ready_o);
    if (!fv_asked_q && req1_valid_i) READ_5b: assert (!req0_ready_o);

    inv_open: assert (fv_open_q == \u_owner.fv_count_q && fv_open_q <= FvW'(FvN) && fv_due_q <= FvW'(FvN));
    inv_due: assert (fv_due_q + FvW'(m_axi_arvalid) == fv_open_q);
    if (fv_in_q) inv_ahead: assert (fv_ahead_q < fv_open_q && \u_owner.fv_mem [fv_slot[FvW-2:0]] == fv_load_q);

    cover_READ_1: cover (!fv_grant_q && fv_wait_q && m_axi_arready && m_axi_araddr[12] && m_axi_arlen == 8'd2);
    cover_READ_2: cover (fv_in_q && fv_load_q && fv_ahead_q == 0 && fv_open_q == FvW'(FvN) && m_axi_rvalid && m_axi_rlast);
    cover_READ_3: cover (r0_valid_o && r_error_o);
    inv_asked: assert (wait_q == fv_asked_q);
    cover_READ_5: cover (fv_asked_q && req0_valid_i && req0_ready_o && req1_valid_i);
    cover_READ_4: cover (fv_open_q == FvW'(FvN - 1) && req1_valid_i && req1_ready_o && m_axi_arvalid);
  end
