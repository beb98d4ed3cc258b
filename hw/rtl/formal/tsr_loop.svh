// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_loop: it walks with three counters of its own, i0, i1 and uop, and adds up i0 * step0 and i1 * step1 apart.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic        fv_run_q;
  logic [15:0] fv_i0_q, fv_i1_q, fv_uop_q, fv_begin_q, fv_uops_q, fv_count0_q, fv_count1_q;
  logic [95:0] fv_step_q;                    // {par1, par0, src1, src0, dst1, dst0}
  logic [47:0] fv_outer_q, fv_inner_q;       // i0 * step0, i1 * step1 for par, src, dst
  logic        fv_end_uop, fv_end1, fv_end0;
  assign fv_end_uop = fv_uop_q == fv_uops_q - 16'd1;
  assign fv_end1    = fv_i1_q == fv_count1_q - 16'd1;
  assign fv_end0    = fv_i0_q == fv_count0_q - 16'd1;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      fv_begin_q  <= uop_begin_i;
      fv_uops_q   <= uop_count_i;
      fv_count0_q <= count0_i;
      fv_count1_q <= count1_i;
      fv_step_q   <= {par1_i, par0_i, src1_i, src0_i, dst1_i, dst0_i};
      fv_i0_q     <= '0;
      fv_i1_q     <= '0;
      fv_uop_q    <= '0;
      fv_outer_q  <= '0;
      fv_inner_q  <= '0;
    end else if (step_i) begin
      if (!fv_end_uop) fv_uop_q <= fv_uop_q + 16'd1;
      else begin
        fv_uop_q <= '0;
        if (!fv_end1) begin
          fv_i1_q <= fv_i1_q + 16'd1;
          for (int n = 0; n < 3; n++) fv_inner_q[16*n+:16] <= fv_inner_q[16*n+:16] + fv_step_q[32*n+16+:16];
        end else begin
          fv_i1_q    <= '0;
          fv_inner_q <= '0;
          fv_i0_q    <= fv_i0_q + 16'd1;
          for (int n = 0; n < 3; n++) fv_outer_q[16*n+:16] <= fv_outer_q[16*n+:16] + fv_step_q[32*n+:16];
        end
      end
    end
    if (!rst_ni || flush_i) fv_run_q <= 1'b0;
    else if (start_i) fv_run_q <= 1'b1;
    else if (step_i && fv_end_uop && fv_end1 && fv_end0) fv_run_q <= 1'b0;
  end

  always_comb if (fv_up_q && rst_ni) begin
    if (start_i) LOOP_A1: `FV_ENV (uop_count_i != 0 && count0_i != 0 && count1_i != 0);
    if (start_i) LOOP_A2: `FV_ENV (!valid_o || (step_i && last_o));
    if (step_i) LOOP_A3: `FV_ENV (valid_o);

    LOOP_1: assert (valid_o == fv_run_q);
    if (valid_o) begin
      LOOP_2: assert (last_o == (fv_end_uop && fv_end1 && fv_end0));
      LOOP_3: assert (uop_o == fv_begin_q + fv_uop_q);
      LOOP_4: assert (dst_off_o == fv_outer_q[15:0] + fv_inner_q[15:0] && src_off_o == fv_outer_q[31:16] + fv_inner_q[31:16]
                      && par_off_o == fv_outer_q[47:32] + fv_inner_q[47:32]);

      inv_bound: assert (fv_uop_q < fv_uops_q && fv_i1_q < fv_count1_q && fv_i0_q < fv_count0_q);
      inv_uop: assert (fv_begin_q == begin_q && uop_left_q == fv_uops_q - fv_uop_q && uop_reload_q == fv_uops_q);
      inv_left1: assert (left1_q == fv_count1_q - fv_i1_q && reload1_q == fv_count1_q);
      inv_ends: assert (uop_end_q == (uop_left_q == 1) && end1_q == (left1_q == 1) && end0_q == (left0_q == 1));
      inv_ones: assert (uop_one_q == (uop_reload_q == 1) && one1_q == (reload1_q == 1));
      inv_left0: assert (left0_q == fv_count0_q - fv_i0_q);
      inv_steps: assert (fv_step_q == {par1_q, par0_q, src1_q, src0_q, dst1_q, dst0_q});
      inv_rows: assert (fv_outer_q == {par_row_q, src_row_q, dst_row_q});
    end
  end

  always_comb if (fv_up_q && rst_ni) begin
    cover_LOOP_1: cover (valid_o && step_i && last_o && start_i);
    cover_LOOP_2: cover (valid_o && last_o && fv_count0_q == 2 && fv_count1_q == 2 && fv_uops_q == 2);
    cover_LOOP_3: cover (valid_o && fv_begin_q == 16'hffff && fv_uop_q == 1 && fv_i1_q == 1);
    cover_LOOP_4: cover (valid_o && fv_i0_q == 1 && fv_i1_q == 1 && fv_step_q == 96'h0600_0500_0400_0300_0200_0100);
  end
