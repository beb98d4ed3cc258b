// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_burst. Bursts have to tile the bus words from the one with the region's first byte to the one with its last.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic              fv_open_q, fv_user_q, fv_wait_q;  // a region has bursts left
  logic [WordW-1:0]  fv_next_q;                        // the bus word that the next burst has to begin with
  logic [CountW-1:0] fv_left_q;                        // bus words left
  logic              fv_pend_q, fv_pend_user_q;        // the region behind it
  logic [WordW-1:0]  fv_pend_word_q;
  logic [CountW-1:0] fv_pend_left_q;
  logic [63:0]       fv_addr_q;
  logic [8:0]        fv_beats_q;
  logic              fv_take, fv_go, fv_free;
  logic [32:0]       fv_last_byte;                     // of the region, counted from the bus word that it begins in
  logic [12:0]       fv_page_end;                      // behind the burst's last byte, counted from its 4 KiB page
  assign fv_take      = region_valid_i && region_ready_o;
  assign fv_go        = burst_valid_o && burst_ready_i;
  assign fv_free      = !fv_open_q || (fv_go && fv_left_q == CountW'(burst_beats_o));
  assign fv_last_byte = 33'(region_addr_i[OffW-1:0]) + 33'(region_bytes_i) - 33'd1;
  assign fv_page_end  = 13'(burst_addr_o[11:0]) + 13'(burst_beats_o) * 13'(BusBytes);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_open_q <= 1'b0;
      fv_pend_q <= 1'b0;
      fv_wait_q <= 1'b0;
    end else begin
      fv_wait_q <= burst_valid_o && !burst_ready_i;
      if (fv_take) begin
        fv_pend_q      <= 1'b1;
        fv_pend_user_q <= region_user_i;
        fv_pend_word_q <= region_addr_i[63:OffW];
        fv_pend_left_q <= fv_last_byte[32:OffW] + CountW'(1);
      end else if (fv_free) begin
        fv_pend_q <= 1'b0;
      end
      if (fv_free) begin
        fv_open_q <= fv_pend_q;
        fv_user_q <= fv_pend_user_q;
        fv_next_q <= fv_pend_word_q;
        fv_left_q <= fv_pend_left_q;
      end else if (fv_go) begin
        fv_next_q <= fv_next_q + WordW'(burst_beats_o);
        fv_left_q <= fv_left_q - CountW'(burst_beats_o);
      end
    end
    fv_addr_q  <= burst_addr_o;
    fv_beats_q <= burst_beats_o;
  end

  (* hierconn *) wire \u_cut.fv_up ;
  (* hierconn *) wire \u_cut.fv_open ;
  (* hierconn *) wire [BeatW-1:0] \u_cut.fv_at ;
  (* hierconn *) wire [CountW-1:0] \u_cut.fv_left ;

  always_comb if (fv_up_q) begin
    if (region_valid_i) BURST_A1: `FV_ENV (region_bytes_i != 32'd0);

    if (burst_valid_o) begin
      BURST_1: assert (fv_page_end <= 13'd4096);
      BURST_2: assert (burst_beats_o >= 9'd1 && burst_beats_o <= 9'(MaxBeats));
      BURST_3: assert (burst_addr_o == {fv_next_q, OffW'(0)});
      BURST_4: assert (CountW'(burst_beats_o) <= fv_left_q && burst_last_o == (CountW'(burst_beats_o) == fv_left_q));
      BURST_5: assert (burst_user_o == fv_user_q);
      if (!burst_last_o) BURST_8: assert ((fv_page_end & 13'(MaxBeats * BusBytes - 1)) == 13'd0);
    end
    BURST_6: assert (burst_valid_o == fv_open_q && region_ready_o == (!fv_pend_q || fv_free));
    if (fv_wait_q) BURST_7: assert (burst_valid_o && burst_addr_o == fv_addr_q && burst_beats_o == fv_beats_q);

    inv_open: assert (\u_cut.fv_open == fv_open_q && valid_q == fv_pend_q);
    if (fv_open_q) begin
      inv_user: assert (burst_user_q == fv_user_q);
      inv_word: assert ({block_q, \u_cut.fv_at } == fv_next_q);
      inv_left: assert (\u_cut.fv_left == fv_left_q);
    end
    if (fv_pend_q) begin
      inv_pend: assert (user_q == fv_pend_user_q && word_q == fv_pend_word_q && words_q == fv_pend_left_q && words_q != 0);
    end
  end
  always_comb inv_up: assert (\u_cut.fv_up == fv_up_q);

  logic fv_up;                                         // for the invariants of modules around this one
  assign fv_up = fv_up_q;
  logic fv_page_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && rst_ni && fv_go && fv_page_end == 13'd4096 && !burst_last_o) fv_page_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni && burst_valid_o) begin
    cover_BURST_1: cover (fv_page_end == 13'd4096 && burst_beats_o < 9'(MaxBeats) && !burst_last_o);
    cover_BURST_2: cover (burst_beats_o == 9'(MaxBeats) && burst_last_o && fv_page_q);
    cover_BURST_3: cover (fv_page_q && burst_addr_o[63:12] != 0);
    cover_BURST_4: cover (fv_page_q && burst_last_o && fv_go);
    cover_BURST_5: cover (burst_user_o && burst_last_o && fv_page_q);
    cover_BURST_6: cover (fv_take && fv_pend_q && fv_page_q);
    cover_BURST_7: cover (fv_wait_q && burst_ready_i && fv_page_q);
    cover_BURST_8: cover (!burst_last_o && burst_beats_o == 9'(MaxBeats));
  end
