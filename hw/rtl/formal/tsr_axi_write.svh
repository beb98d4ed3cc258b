// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_axi_write between STORE and bus. A burst and a word, picked by the solver, are followed: the burst from its
// request to its response, the word from the data stream to W.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;
  localparam int unsigned FvN = tsr_cfg_pkg::OutstandingBursts;
  localparam int unsigned FvW = $clog2(FvN) + 1;

  (* hierconn *) wire [FvN-1:0] \u_responses.fv_mem ;
  (* hierconn *) wire [FvW-1:0] \u_responses.fv_count_q ;
  (* hierconn *) wire [FvW-1:0] \u_responses.rd_q ;
  (* hierconn *) wire [FvW-1:0] \u_beats.fv_count_q ;
  (* hierconn *) wire [1:0] \u_skid.fv_count_q ;
  (* hierconn *) wire [1:0] \u_skid.rd_q ;
  (* hierconn *) wire [2*SkidW-1:0] \u_skid.fv_mem ;
  (* hierconn *) wire \u_responses.fv_up ;
  (* hierconn *) wire \u_beats.fv_up ;
  (* hierconn *) wire \u_skid.fv_up ;

  (* anyseq *) logic fv_pick_b, fv_pick_w;
  logic              fv_ask, fv_word, fv_gone;       // a request, a word is taken; a word leaves
  logic              fv_b_in_q, fv_b_last_q;         // a burst is followed; it was asked for with req_last_i
  logic [FvW-1:0]    fv_open_q, fv_b_ahead_q;        // bursts without response; in front of the picked one
  logic              fv_grant_q, fv_wait_q;          // in the clock before: a request was taken; AW was not
  logic [72:0]       fv_want_q, fv_ask_q;            // the request taken in the clock before; the last one on AW
  logic              fv_w_in_q, fv_w_ahead_q;        // a word is followed; one is in front of it
  logic [9*BusBytes-1:0] fv_word_q;
  logic [1:0]        fv_real_q;                      // which of the words under way, oldest first, STORE gave
  logic [1:0]        fv_words_q;                     // how many
  logic [FvW-1:0]    fv_b_slot;
  logic              fv_w_slot, fv_oldest, fv_next;
  assign fv_ask    = req_valid_i && req_ready_o;
  assign fv_word   = w_valid_i && w_ready_o;
  assign fv_gone   = m_axi_wvalid && m_axi_wready;
  assign fv_b_slot = \u_responses.rd_q + fv_b_ahead_q;
  assign fv_oldest = \u_skid.rd_q [0];
  assign fv_next   = !fv_oldest;
  assign fv_w_slot = fv_oldest ^ fv_w_ahead_q;

  logic [1:0] fv_left, fv_left_real;
  assign fv_left      = fv_words_q - 2'(fv_gone);
  assign fv_left_real = fv_gone ? {1'b0, fv_real_q[1]} : fv_real_q;

  always_ff @(posedge clk_i) begin
    fv_want_q <= {req_beats_i, req_addr_i};
    if (fv_grant_q) fv_ask_q <= fv_want_q;
    if (!rst_ni) begin
      fv_b_in_q  <= 1'b0;
      fv_open_q  <= '0;
      fv_grant_q <= 1'b0;
      fv_wait_q  <= 1'b0;
      fv_w_in_q  <= 1'b0;
      fv_words_q <= '0;
      fv_real_q  <= '0;
    end else begin
      fv_open_q  <= fv_open_q + FvW'(fv_ask) - FvW'(m_axi_bvalid && m_axi_bready);
      fv_grant_q <= fv_ask;
      fv_wait_q  <= m_axi_awvalid && !m_axi_awready;
      if (!fv_b_in_q && fv_pick_b && fv_ask) begin
        fv_b_in_q    <= 1'b1;
        fv_b_last_q  <= req_last_i;
        fv_b_ahead_q <= fv_open_q - FvW'(m_axi_bvalid && m_axi_bready);
      end else if (fv_b_in_q && m_axi_bvalid && m_axi_bready) begin
        fv_b_in_q    <= fv_b_ahead_q != 0;
        fv_b_ahead_q <= fv_b_ahead_q - FvW'(1);
      end
      fv_words_q <= fv_left + 2'(send);
      fv_real_q  <= fv_left_real | (fv_word ? (fv_left == 0 ? 2'b01 : 2'b10) : 2'b00);
      if (!fv_w_in_q && fv_pick_w && fv_word) begin
        fv_w_in_q    <= 1'b1;
        fv_w_ahead_q <= fv_left != 0;
        fv_word_q    <= {w_strb_i, w_data_i};
      end else if (fv_w_in_q && fv_gone) begin
        fv_w_in_q    <= fv_w_ahead_q;
        fv_w_ahead_q <= 1'b0;
      end
    end
  end

  always_comb inv_up: assert ({\u_responses.fv_up , \u_beats.fv_up , \u_skid.fv_up } == {3{fv_up_q}});
  always_comb if (fv_up_q && rst_ni) begin
    if (m_axi_bvalid) WRITE_A1: `FV_ENV (fv_open_q != 0);
    if (req_valid_i) WRITE_A2: `FV_ENV (req_beats_i != 0 && req_beats_i <= 9'd256);

    WRITE_1a: assert (m_axi_awvalid == (fv_grant_q || fv_wait_q));
    if (fv_grant_q) WRITE_1b: assert (m_axi_awaddr == fv_want_q[63:0] && 9'(m_axi_awlen) + 9'd1 == fv_want_q[72:64]);
    if (!fv_grant_q && fv_wait_q) WRITE_1c: assert (m_axi_awaddr == fv_ask_q[63:0] && 9'(m_axi_awlen) + 9'd1 == fv_ask_q[72:64]);
    if (fv_w_in_q && !fv_w_ahead_q) WRITE_2: assert (m_axi_wvalid && {m_axi_wstrb, m_axi_wdata} == fv_word_q);
    if (m_axi_wvalid && !fv_real_q[0]) WRITE_3a: assert (m_axi_wstrb == 0);
    if (!abort_i) WRITE_3b: assert (send == fv_word);
    if (fv_b_in_q && fv_b_ahead_q == 0 && m_axi_bvalid) WRITE_4a: assert (b_last_o == fv_b_last_q && b_error_o == m_axi_bresp[1]);
    if (!m_axi_bvalid) WRITE_4b: assert (!b_last_o && !b_error_o);
    if (fv_words_q != 2 && \u_beats.fv_count_q != 0 && !abort_i) WRITE_5a: assert (w_ready_o);
    if (abort_i) WRITE_5b: assert (!w_ready_o && !req_ready_o);

    inv_open: assert (fv_open_q == \u_responses.fv_count_q && fv_open_q <= FvW'(FvN));
    if (fv_b_in_q) inv_ahead: assert (fv_b_ahead_q < fv_open_q && \u_responses.fv_mem [fv_b_slot[FvW-2:0]] == fv_b_last_q);
    inv_words: assert (fv_words_q == \u_skid.fv_count_q && fv_words_q <= 2'd2);
    if (fv_words_q != 0 && !fv_real_q[0]) inv_made: assert (\u_skid.fv_mem [SkidW*32'(fv_oldest)+8*BusBytes+:BusBytes] == 0);
    if (fv_words_q == 2 && !fv_real_q[1]) inv_made_next: assert (\u_skid.fv_mem [SkidW*32'(fv_next)+8*BusBytes+:BusBytes] == 0);
    if (fv_w_in_q) inv_word: assert (2'(fv_w_ahead_q) < fv_words_q && \u_skid.fv_mem [SkidW*32'(fv_w_slot)+:9*BusBytes] == fv_word_q);

    cover_WRITE_1: cover (!fv_grant_q && fv_wait_q && m_axi_awready && m_axi_awaddr[12] && m_axi_awlen == 8'd2);
    cover_WRITE_2: cover (fv_w_in_q && !fv_w_ahead_q && fv_words_q == 2 && m_axi_wready && &fv_word_q);
    cover_WRITE_3: cover (m_axi_wvalid && !fv_real_q[0] && m_axi_wlast);
    cover_WRITE_4: cover (fv_b_in_q && fv_b_ahead_q == 0 && fv_b_last_q && b_error_o && fv_open_q == FvW'(FvN));
    cover_WRITE_5: cover (w_ready_o && !w_valid_i && \u_beats.fv_count_q == FvW'(FvN));
  end
