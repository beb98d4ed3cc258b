// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_burst. Bursts have to tile the bus words from the one with the region's first byte to the one with its last.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic             fv_open_q, fv_user_q, fv_wait_q;   // a region has bursts left
  logic [WordW-1:0] fv_next_q;                         // the bus word that the next burst has to begin with
  logic [CntW-1:0]  fv_left_q;                         // bus words left
  logic [63:0]      fv_addr_q;
  logic [8:0]       fv_beats_q;
  logic             fv_take, fv_go;
  logic [32:0]      fv_last_byte;                      // of the region, counted from the bus word that it begins in
  logic [12:0]      fv_page_end;                       // behind the burst's last byte, counted from its 4 KiB page
  assign fv_take      = region_valid_i && region_ready_o;
  assign fv_go        = burst_valid_o && burst_ready_i;
  assign fv_last_byte = 33'(region_addr_i[OffW-1:0]) + 33'(region_bytes_i) - 33'd1;
  assign fv_page_end  = 13'(burst_addr_o[11:0]) + 13'(burst_beats_o) * 13'(BusBytes);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_open_q <= 1'b0;
      fv_wait_q <= 1'b0;
    end else begin
      fv_wait_q <= burst_valid_o && !burst_ready_i;
      if (fv_take) begin
        fv_open_q <= 1'b1;
        fv_user_q <= region_user_i;
        fv_next_q <= region_addr_i[63:OffW];
        fv_left_q <= fv_last_byte[32:OffW] + CntW'(1);
      end else if (fv_go) begin
        fv_open_q <= fv_left_q != CntW'(burst_beats_o);
        fv_next_q <= fv_next_q + WordW'(burst_beats_o);
        fv_left_q <= fv_left_q - CntW'(burst_beats_o);
      end
    end
    fv_addr_q  <= burst_addr_o;
    fv_beats_q <= burst_beats_o;
  end

  always_comb if (fv_up_q) begin
    if (region_valid_i) BURST_A1: `FV_ENV (region_bytes_i != 32'd0);

    if (burst_valid_o) begin
      BURST_1: assert (fv_page_end <= 13'd4096);
      BURST_2: assert (burst_beats_o >= 9'd1 && burst_beats_o <= 9'(MaxBeats));
      BURST_3: assert (burst_addr_o == {fv_next_q, OffW'(0)});
      BURST_4: assert (CntW'(burst_beats_o) <= fv_left_q && burst_last_o == (CntW'(burst_beats_o) == fv_left_q));
      BURST_5: assert (burst_user_o == fv_user_q);
      if (!burst_last_o) BURST_8: assert (burst_beats_o == 9'(MaxBeats) || fv_page_end == 13'd4096);
    end
    BURST_6: assert (burst_valid_o == fv_open_q && region_ready_o == (!fv_open_q || (fv_go && burst_last_o)));
    if (fv_wait_q) BURST_7: assert (burst_valid_o && burst_addr_o == fv_addr_q && burst_beats_o == fv_beats_q);

    inv_open: assert (fv_open_q == valid_q);
    if (valid_q) begin
      inv_user: assert (fv_user_q == user_q);
      inv_word: assert (word_q == fv_next_q);
      inv_left: assert (beats_q == fv_left_q && beats_q != 0);
    end
  end

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
    cover_BURST_6: cover (fv_take && fv_page_q);
    cover_BURST_7: cover (fv_wait_q && burst_ready_i && fv_page_q);
    cover_BURST_8: cover (!burst_last_o && burst_beats_o == 9'(MaxBeats));
  end
