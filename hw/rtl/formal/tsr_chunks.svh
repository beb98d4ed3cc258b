// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_chunks. Chunks have to tile the run.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic              fv_open_q, fv_wait_q;             // a run has units left
  logic [OffW-1:0]   fv_at_q;                          // where the next chunk has to begin
  logic [CountW-1:0] fv_left_q;                        // units left
  logic [OffW-1:0]   fv_offset_q;
  logic [LenW-1:0]   fv_length_q;
  logic              fv_take, fv_go;
  logic [LenW:0]     fv_end;                           // behind the chunk's last unit
  assign fv_take = run_valid_i && run_ready_o;
  assign fv_go   = valid_o && ready_i;
  assign fv_end  = (LenW+1)'(offset_o) + (LenW+1)'(length_o);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_open_q <= 1'b0;
      fv_wait_q <= 1'b0;
    end else begin
      fv_wait_q <= valid_o && !ready_i;
      if (fv_take) begin
        fv_open_q <= 1'b1;
        fv_at_q   <= run_offset_i;
        fv_left_q <= run_count_i;
      end else if (fv_go) begin
        fv_open_q <= fv_left_q != CountW'(length_o);
        fv_at_q   <= OffW'(fv_end);
        fv_left_q <= fv_left_q - CountW'(length_o);
      end
    end
    fv_offset_q <= offset_o;
    fv_length_q <= length_o;
  end

  always_comb if (fv_up_q) begin
    if (run_valid_i) CHUNK_A1: `FV_ENV (run_count_i != '0);

    if (valid_o) begin
      CHUNK_1: assert (offset_o == fv_at_q);
      CHUNK_2: assert (length_o != '0 && fv_end <= (LenW+1)'(Size));
      CHUNK_3: assert (CountW'(length_o) <= fv_left_q && last_o == (CountW'(length_o) == fv_left_q));
      if (!last_o) CHUNK_4: assert (fv_end == (LenW+1)'(Size));
    end
    CHUNK_5: assert (valid_o == fv_open_q && run_ready_o == (!fv_open_q || (fv_go && last_o)));
    if (fv_wait_q) CHUNK_6: assert (valid_o && offset_o == fv_offset_q && length_o == fv_length_q);

    if (fv_open_q) inv_left: assert (fv_left_q != '0);
    if (fv_open_q && !last_q) inv_rest: assert (rest_q == fv_left_q - CountW'(length_q));
  end

  logic fv_up, fv_open;                                // for the invariants of modules around this one
  logic [OffW-1:0]   fv_at;
  logic [CountW-1:0] fv_left;
  assign fv_up   = fv_up_q;
  assign fv_open = fv_open_q;
  assign fv_at   = fv_at_q;
  assign fv_left = fv_left_q;
  logic fv_border_q = 1'b0;                            // a run went on behind a border
  always_ff @(posedge clk_i) if (fv_up_q && rst_ni && fv_go && !last_o) fv_border_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni && valid_o) begin
    cover_CHUNK_1: cover (offset_o != '0 && !last_o);
    cover_CHUNK_2: cover (length_o == LenW'(Size) && last_o && fv_border_q);
    cover_CHUNK_3: cover (fv_border_q && last_o && length_o == LenW'(1));
    cover_CHUNK_4: cover (length_o == LenW'(Size) && !last_o && fv_border_q);
    cover_CHUNK_5: cover (fv_take && fv_border_q);
    cover_CHUNK_6: cover (fv_wait_q && ready_i && fv_border_q);
  end
