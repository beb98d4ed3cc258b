// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_issue. One step of the loop, picked by the solver, is followed until its micro-op issues.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  (* anyseq *) logic fv_pick;
  logic                fv_in_q, fv_new_q;              // the picked step is behind the loop; since the clock before
  logic [1:0]          fv_count_q, fv_ahead_q;         // steps behind the loop; of those, in front of the picked one
  logic [15:0]         fv_dst_off_q, fv_src_off_q, fv_par_off_q;
  logic                fv_last_q, fv_read_q, fv_halt_q;
  logic [31:0]         fv_index_q;
  logic [CtlWidth-1:0] fv_ctl_q;
  logic [63:0]         fv_uop_q, fv_uop, fv_data_q;    // the picked micro-op; what the memory gave in the clock before
  logic [15:0]         fv_dst, fv_src, fv_par;
  logic                fv_reserved;
  assign fv_uop      = fv_new_q ? uop_data_i : fv_uop_q;
  assign fv_dst      = fv_uop[15:0] + fv_dst_off_q;
  assign fv_src      = fv_uop[31:16] + fv_src_off_q;
  assign fv_par      = fv_uop[47:32] + fv_par_off_q;
  assign fv_reserved = fv_uop[63:49] != 15'd0;

  always_ff @(posedge clk_i) begin
    fv_data_q <= uop_data_i;
    fv_uop_q  <= fv_uop;
    fv_halt_q <= halt_i;
    if (!rst_ni || flush_i) begin
      fv_count_q <= 2'd0;
      fv_in_q    <= 1'b0;
      fv_new_q   <= 1'b0;
      fv_read_q  <= 1'b0;
    end else begin
      fv_count_q <= fv_count_q + 2'(uop_re_o) - 2'(x_fire_o);
      fv_read_q  <= uop_re_o;
      fv_new_q   <= !fv_in_q && fv_pick && uop_re_o;
      if (!fv_in_q && fv_pick && uop_re_o) begin
        fv_in_q      <= 1'b1;
        fv_ahead_q   <= fv_count_q - 2'(x_fire_o);
        fv_dst_off_q <= f_dst_off;
        fv_src_off_q <= f_src_off;
        fv_par_off_q <= f_par_off;
        fv_last_q    <= f_last;
        fv_index_q   <= f_index_q;
        fv_ctl_q     <= f_ctl_i;
      end else if (fv_in_q && x_fire_o) begin
        fv_in_q    <= fv_ahead_q != 2'd0;
        fv_ahead_q <= fv_ahead_q - 2'd1;
      end
    end
  end

  // The picked step as it has to be in each place.
  logic fv_r, fv_y, fv_x;
  assign fv_r = uop_data_i == fv_uop && r_last_q == fv_last_q && r_index_q == fv_index_q && r_ctl_q == fv_ctl_q &&
                r_dst_off_q == fv_dst_off_q && r_src_off_q == fv_src_off_q && r_par_off_q == fv_par_off_q;
  assign fv_y = y_dst_q == fv_dst && y_src_q == fv_src && y_par_q == fv_par && y_first_q == fv_uop[48] &&
                y_reserved_q == fv_reserved && y_last_q == fv_last_q && y_index_q == fv_index_q && y_ctl_q == fv_ctl_q;
  assign fv_x = x_dst_o == fv_dst && x_src_o == fv_src && x_par_o == fv_par && x_first_o == fv_uop[48] &&
                x_reserved_q == fv_reserved && x_last_o == fv_last_q && x_index_q == fv_index_q && x_ctl_o == fv_ctl_q;

  always_comb if (fv_up_q && rst_ni) begin
    if (!fv_read_q) ISSUE_A1: `FV_ENV (uop_data_i == fv_data_q);
    if (fv_halt_q && !halt_i) ISSUE_A2: `FV_ENV (fv_count_q == 0);

    ISSUE_1: assert (uop_re_o == (f_valid && fv_count_q != 2'd3));
    if (x_fire_o) ISSUE_2a: assert (fv_count_q != 2'd0);
    if (x_fire_o && fv_in_q && fv_ahead_q == 2'd0) ISSUE_2b: assert (fv_x);
    if (x_fire_o) ISSUE_3a: assert (x_ask_o && x_grant_i && !x_range_i);
    if (x_ask_o && fv_in_q && fv_ahead_q == 2'd0) ISSUE_3b: assert (!fv_reserved);
    if (fv_count_q > 2'(r_valid_q) && !stop_q) ISSUE_4a: assert (x_ask_o || x_fault);
    if (fv_count_q != 2'd0 && !x_valid_q) ISSUE_4b: assert (r_move);

    inv_count: assert (fv_count_q == 2'(r_valid_q) + 2'(y_valid_q) + 2'(x_valid_q));
    inv_spare: assert (!y_valid_q || x_valid_q);
    inv_ask: assert (x_ask_q == (x_valid_q && !x_reserved_q && !stop_q));
    inv_stop: assert (!faulted_q || stop_q);
    inv_halt: assert (stop_q == (faulted_q || fv_halt_q));
    if (fv_in_q) inv_ahead: assert (fv_ahead_q < fv_count_q);
    if (fv_new_q) inv_new: assert (fv_in_q && fv_read_q && r_valid_q && fv_ahead_q + 2'd1 == fv_count_q);
    if (fv_in_q && fv_ahead_q == 2'(x_valid_q) + 2'(y_valid_q)) inv_r: assert (r_valid_q && fv_r);
    if (fv_in_q && fv_ahead_q == 2'd1 && y_valid_q) inv_y: assert (fv_y);
    if (fv_in_q && fv_ahead_q == 2'd0 && x_valid_q) inv_x: assert (fv_x);
  end

  always_comb if (fv_up_q && rst_ni) begin
    cover_ISSUE_1: cover (f_valid && fv_count_q == 2'd3);
    cover_ISSUE_2: cover (x_fire_o && fv_in_q && fv_ahead_q == 2'd0 && y_valid_q && r_valid_q && fv_uop[15:0] == 16'h1234);
    cover_ISSUE_3: cover (fv_in_q && fv_ahead_q == 2'd0 && fv_reserved && x_valid_q);
    cover_ISSUE_4: cover (fv_count_q == 2'd3 && x_ask_o && !x_grant_i);
  end
