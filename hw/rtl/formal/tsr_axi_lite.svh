// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_axi_lite between its two sides; those of the bus are in axi_lite_checker.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  axi_lite_checker u_port (
      .clk_i, .rst_ni, .awaddr(s_axi_awaddr), .awvalid(s_axi_awvalid), .awready(s_axi_awready), .wdata(s_axi_wdata),
      .wstrb(s_axi_wstrb), .wvalid(s_axi_wvalid), .wready(s_axi_wready), .bresp(s_axi_bresp), .bvalid(s_axi_bvalid),
      .bready(s_axi_bready), .araddr(s_axi_araddr), .arvalid(s_axi_arvalid), .arready(s_axi_arready), .rdata(s_axi_rdata),
      .rresp(s_axi_rresp), .rvalid(s_axi_rvalid), .rready(s_axi_rready)
  );

  // The write and the read that are under way, as they were taken.
  logic        fv_aw_q, fv_w_q, fv_ar_q, fv_asked_q;  // address, data taken and not yet passed on; read taken, passed on
  logic [11:0] fv_awaddr_q, fv_araddr_q;
  logic [31:0] fv_wdata_q, fv_rdata_q;
  logic [3:0]  fv_wstrb_q;
  logic        fv_b_q, fv_answer_q;                   // a write was passed on and not answered; read_data_i is due
  logic [2:0]  fv_read_age_q;
  logic [1:0]  fv_write_age_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_aw_q        <= 1'b0;
      fv_w_q         <= 1'b0;
      fv_ar_q        <= 1'b0;
      fv_asked_q     <= 1'b0;
      fv_answer_q    <= 1'b0;
      fv_read_age_q  <= '0;
      fv_write_age_q <= '0;
    end else begin
      if (s_axi_awvalid && s_axi_awready) begin
        fv_aw_q     <= 1'b1;
        fv_awaddr_q <= s_axi_awaddr;
      end else if (fv_aw_q && fv_w_q && !s_axi_bvalid) fv_aw_q <= 1'b0;
      if (s_axi_wvalid && s_axi_wready) begin
        fv_w_q     <= 1'b1;
        fv_wdata_q <= s_axi_wdata;
        fv_wstrb_q <= s_axi_wstrb;
      end else if (fv_aw_q && fv_w_q && !s_axi_bvalid) fv_w_q <= 1'b0;
      if (s_axi_arvalid && s_axi_arready) begin
        fv_ar_q     <= 1'b1;
        fv_araddr_q <= s_axi_araddr;
        fv_asked_q  <= 1'b0;
      end else if (s_axi_rvalid && s_axi_rready) fv_ar_q <= 1'b0;
      if (read_o) fv_asked_q <= 1'b1;
      fv_answer_q <= read_o;
      if (fv_answer_q) fv_rdata_q <= read_data_i;
      fv_read_age_q  <= (fv_ar_q && !s_axi_rvalid) ? fv_read_age_q + 3'd1 : 3'd0;
      fv_write_age_q <= (fv_aw_q && fv_w_q && !s_axi_bvalid) ? fv_write_age_q + 2'd1 : 2'd0;
    end
  end

  always_comb if (fv_up_q && rst_ni) begin
    if (write_o) LITE_1: assert (fv_aw_q && fv_w_q && fv_wstrb_q == 4'hf && write_addr_o == {fv_awaddr_q[11:2], 2'b00}
                                 && write_data_o == fv_wdata_q);
    LITE_2: assert (write_o == (fv_aw_q && fv_w_q && !s_axi_bvalid && fv_wstrb_q == 4'hf));
    if (read_o) LITE_3: assert (fv_ar_q && !fv_asked_q && read_addr_o == {fv_araddr_q[11:2], 2'b00});
    if (s_axi_rvalid) LITE_4: assert (fv_ar_q && fv_asked_q && s_axi_rdata == fv_rdata_q);
    LITE_5: assert (fv_read_age_q < 3'd3 && fv_write_age_q < 2'd2);

    inv_write: assert (fv_aw_q == aw_full_q && fv_w_q == w_full_q);
    if (aw_full_q) inv_awaddr: assert (fv_awaddr_q == aw_addr_q);
    if (w_full_q) inv_w: assert (fv_wdata_q == w_data_q && whole_q == (fv_wstrb_q == 4'hf));
    inv_read: assert (fv_ar_q == ar_full_q && fv_answer_q == read_q);
    if (ar_full_q) inv_araddr: assert (fv_araddr_q == ar_addr_q);
    if (r_valid_q || read_q) inv_asked: assert (ar_full_q && fv_asked_q && !(r_valid_q && read_q));
    if (ar_full_q && !r_valid_q && !read_q) inv_fresh: assert (!fv_asked_q);
    if (r_valid_q) inv_rdata: assert (fv_rdata_q == r_data_q);
    inv_read_age: assert (fv_read_age_q == 0 || (fv_read_age_q == 1 && (read_q || r_valid_q)) || (fv_read_age_q == 2 && r_valid_q));
    if (fv_write_age_q != 0) inv_write_age: assert (s_axi_bvalid && fv_write_age_q == 1);
    inv_open: assert (\u_port.aw_open_q == 2'(aw_full_q) + 2'(b_valid_q) && \u_port.w_open_q == 2'(w_full_q) + 2'(b_valid_q));
    inv_ar_open: assert (\u_port.ar_open_q == 2'(ar_full_q));
    if (\u_port.r_wait_q ) inv_r_wait: assert (s_axi_rvalid && \u_port.rdata_q == r_data_q);
    if (\u_port.b_wait_q ) inv_b_wait: assert (s_axi_bvalid);
    if (\u_port.reset_q ) inv_reset: assert (!r_valid_q && !b_valid_q);
  end
  always_comb inv_up: assert (fv_up_q == \u_port.fv_up );
  (* hierconn *) wire \u_port.fv_up ;
  (* hierconn *) wire [1:0] \u_port.aw_open_q ;
  (* hierconn *) wire [1:0] \u_port.w_open_q ;
  (* hierconn *) wire [1:0] \u_port.ar_open_q ;
  (* hierconn *) wire [31:0] \u_port.rdata_q ;
  (* hierconn *) wire \u_port.r_wait_q ;
  (* hierconn *) wire \u_port.b_wait_q ;
  (* hierconn *) wire \u_port.reset_q ;

  always_comb if (fv_up_q && rst_ni) begin
    cover_LITE_1: cover (write_o && fv_awaddr_q == 12'h048 && fv_wdata_q == 32'd1);
    cover_LITE_2: cover (fv_aw_q && fv_w_q && !s_axi_bvalid && fv_wstrb_q == 4'h7);
    cover_LITE_3: cover (read_o && fv_araddr_q == 12'h104);
    cover_LITE_4: cover (s_axi_rvalid && s_axi_rready && s_axi_rdata == 32'h12345678 && fv_araddr_q == 12'h088);
    cover_LITE_5: cover (fv_read_age_q == 3'd2 && fv_write_age_q == 2'd1);
  end
