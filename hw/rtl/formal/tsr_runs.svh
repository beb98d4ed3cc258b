// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_runs: it walks with three counters of its own and adds up x * x_stride and y * y_stride apart.
  localparam int unsigned FvBus = tsr_cfg_pkg::BusBytes;
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic             fv_open_q, fv_end_run, fv_end_x, fv_end_y, fv_diag;
  logic [StepW-1:0] fv_x_q, fv_y_q, fv_nx_q, fv_ny_q;
  logic [15:0]      fv_done_q, fv_run_q, fv_xs_q, fv_ys_q;       // bytes of the run that have gone
  logic [21:0]      fv_xo_q, fv_yo_q, fv_first_q;
  (* hierconn *) wire \u_words.fv_up ;
  (* hierconn *) wire \u_words.fv_open ;
  (* hierconn *) wire [15:0] \u_words.fv_left ;
  (* hierconn *) wire [OffW-1:0] \u_words.fv_at ;
  assign fv_diag    = diag_i && DiagShift != 0;
  assign fv_end_run = 17'(fv_done_q) + 17'(length_o) == 17'(fv_run_q);
  assign fv_end_x   = fv_x_q == fv_nx_q - StepW'(1);
  assign fv_end_y   = fv_y_q == fv_ny_q - StepW'(1);

  always_ff @(posedge clk_i) begin
    if (take_i) begin
      fv_first_q <= fv_diag ? address_i / 22'(1 << DiagShift) : address_i;
      fv_xs_q    <= fv_diag ? x_stride_i / 16'(1 << DiagShift) : x_stride_i;
      fv_ys_q    <= fv_diag ? y_stride_i / 16'(1 << DiagShift) : y_stride_i;
      fv_run_q   <= run_i;
      fv_nx_q    <= x_steps_i;
      fv_ny_q    <= y_steps_i;
      fv_x_q     <= '0;
      fv_y_q     <= '0;
      fv_done_q  <= '0;
      fv_xo_q    <= '0;
      fv_yo_q    <= '0;
    end else if (valid_o && ready_i) begin
      if (!fv_end_run) begin
        fv_done_q <= fv_done_q + 16'(length_o);
      end else begin
        fv_done_q <= '0;
        if (!fv_end_x) begin
          fv_x_q  <= fv_x_q + StepW'(1);
          fv_xo_q <= fv_xo_q + 22'(fv_xs_q);
        end else begin
          fv_x_q  <= '0;
          fv_xo_q <= '0;
          fv_y_q  <= fv_y_q + StepW'(1);
          fv_yo_q <= fv_yo_q + 22'(fv_ys_q);
        end
      end
    end
    if (!rst_ni) fv_open_q <= 1'b0;
    else if (take_i) fv_open_q <= 1'b1;
    else if (valid_o && ready_i && fv_end_run && fv_end_x && fv_end_y) fv_open_q <= 1'b0;
  end

  always_comb if (fv_up_q && take_i) begin
    RUNS_A1: `FV_ENV (!valid_o);
    RUNS_A2: `FV_ENV (run_i != 0 && x_steps_i != 0 && y_steps_i != 0);
    RUNS_A3: `FV_ENV (single_i == (x_steps_i == StepW'(1)));
  end

  always_comb if (fv_up_q && rst_ni) begin
    RUNS_1: assert (valid_o == fv_open_q);
    if (valid_o) begin
      RUNS_2: assert ({word_o, offset_o} == fv_first_q + fv_yo_q + fv_xo_q + 22'(fv_done_q));
      RUNS_3a: assert (length_o != '0 && 17'(fv_done_q) + 17'(length_o) <= 17'(fv_run_q));
      RUNS_3b: assert (32'(offset_o) + 32'(length_o) == FvBus || (last_run_o && 32'(offset_o) + 32'(length_o) < FvBus));
      RUNS_4: assert (last_run_o == fv_end_run && last_x_o == fv_end_x && last_y_o == fv_end_y);
      RUNS_5: assert (x_left_o == fv_nx_q - fv_x_q && y_left_o == fv_ny_q - fv_y_q);

      inv_bound: assert (fv_x_q < fv_nx_q && fv_y_q < fv_ny_q && fv_done_q < fv_run_q);
      inv_run: assert (length_q == fv_run_q && \u_words.fv_left == fv_run_q - fv_done_q);
      inv_at: assert (\u_words.fv_at == OffW'(fv_first_q + fv_yo_q + fv_xo_q + 22'(fv_done_q)));
      inv_word: assert (word_q == (22-OffW)'((fv_first_q + fv_yo_q + fv_xo_q + 22'(fv_done_q)) >> OffW));
      inv_strides: assert (x_stride_q == fv_xs_q && y_stride_q == fv_ys_q);
      inv_steps: assert (x_steps_q == fv_nx_q && single_q == (fv_nx_q == StepW'(1)));
      inv_row: assert (row_q == fv_first_q + fv_yo_q + 22'(fv_ys_q));
      if (!last_x_q) inv_step: assert (step_q == fv_first_q + fv_yo_q + fv_xo_q + 22'(fv_xs_q));
    end
    inv_open: assert (\u_words.fv_open == fv_open_q);
  end
  always_comb inv_up: assert (\u_words.fv_up == fv_up_q);

  always_comb if (fv_up_q && rst_ni) begin
    cover_RUNS_1: cover (take_i && fv_ny_q == StepW'(2) && fv_nx_q == StepW'(2));
    cover_RUNS_2: cover (valid_o && fv_x_q == StepW'(1) && fv_y_q == StepW'(1) && fv_done_q != 0 && fv_xs_q == 16'd9 && fv_ys_q == 16'd99);
    cover_RUNS_3: cover (valid_o && !last_run_o && offset_o != '0 && fv_x_q == StepW'(1));
    cover_RUNS_4: cover (valid_o && last_run_o && last_x_o && last_y_o && fv_x_q == StepW'(2) && fv_y_q == StepW'(1));
    cover_RUNS_5: cover (valid_o && fv_nx_q == StepW'(3) && x_left_o == StepW'(2) && y_left_o == StepW'(1) && fv_y_q == StepW'(1));
  end
