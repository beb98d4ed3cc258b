// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_regions: it walks with two counters of its own and adds up x * x_stride and y * y_stride apart.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic        fv_open_q, fv_end_x, fv_end_y;
  logic [15:0] fv_x_q, fv_y_q, fv_nx_q, fv_ny_q;
  logic [31:0] fv_xo_q, fv_yo_q, fv_offset_q, fv_bytes_q, fv_ys_q;
  logic [23:0] fv_xs_q;
  logic [63:0] fv_base_q;
  assign fv_end_x = fv_x_q == fv_nx_q - 16'd1;
  assign fv_end_y = fv_y_q == fv_ny_q - 16'd1;

  always_ff @(posedge clk_i) begin
    if (take_i) begin
      fv_base_q   <= base_i;
      fv_offset_q <= dram_offset_i;
      fv_xs_q     <= x_stride_i;
      fv_ys_q     <= y_stride_i;
      fv_nx_q     <= merge_x_i ? 16'd1 : x_count_i;
      fv_ny_q     <= merge_all_i ? 16'd1 : y_count_i;
      fv_bytes_q  <= merge_all_i ? span_i : merge_x_i ? row_span_i : 32'(run_i);
      fv_x_q      <= '0;
      fv_y_q      <= '0;
      fv_xo_q     <= '0;
      fv_yo_q     <= '0;
    end else if (valid_o && ready_i) begin
      if (!fv_end_x) begin
        fv_x_q  <= fv_x_q + 16'd1;
        fv_xo_q <= fv_xo_q + 32'(fv_xs_q);
      end else begin
        fv_x_q  <= '0;
        fv_xo_q <= '0;
        fv_y_q  <= fv_y_q + 16'd1;
        fv_yo_q <= fv_yo_q + fv_ys_q;
      end
    end
    if (!rst_ni) fv_open_q <= 1'b0;
    else if (take_i) fv_open_q <= moves_i;
    else if (valid_o && ready_i && fv_end_x && fv_end_y) fv_open_q <= 1'b0;
  end

  always_comb if (fv_up_q && rst_ni) begin
    if (take_i) REGION_A1: `FV_ENV (!valid_o);
    if (take_i && moves_i) REGION_A2: `FV_ENV (x_count_i != 0 && y_count_i != 0);
    if (take_i && merge_all_i) REGION_A3: `FV_ENV (merge_x_i);

    REGION_1: assert (valid_o == fv_open_q);
    if (valid_o) begin
      REGION_2: assert (addr_o == fv_base_q + 64'(32'(fv_offset_q + fv_yo_q + fv_xo_q)));
      REGION_3: assert (bytes_o == fv_bytes_q);
      REGION_4: assert (last_o == (fv_end_x && fv_end_y));

      inv_bound: assert (fv_x_q < fv_nx_q && fv_y_q < fv_ny_q);
      inv_counts: assert (x_q == fv_x_q + 16'd1 && y_q == fv_y_q + 16'd1 && x_count_q == fv_nx_q && y_count_q == fv_ny_q);
      inv_row: assert (base_q == fv_base_q && row_q == fv_offset_q + fv_yo_q && cur_q == row_q + fv_xo_q);
      inv_strides: assert (x_stride_q == fv_xs_q && y_stride_q == fv_ys_q);
    end
  end

  always_comb if (fv_up_q && rst_ni) begin
    cover_REGION_1: cover (take_i && !moves_i && fv_y_q == 16'd1 && fv_nx_q == 16'd2);
    cover_REGION_2: cover (valid_o && fv_x_q == 16'd1 && fv_y_q == 16'd1 && fv_xs_q == 24'd3 && fv_ys_q == 32'd50 && fv_offset_q == '1);
    cover_REGION_3: cover (valid_o && fv_ny_q == 16'd2 && fv_nx_q == 16'd1 && bytes_o == 32'd70000);
    cover_REGION_4: cover (valid_o && last_o && fv_x_q == 16'd2 && fv_y_q == 16'd1);
  end
