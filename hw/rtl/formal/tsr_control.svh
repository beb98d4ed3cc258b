// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_control. One argument register, picked by the solver, is followed.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  (* anyconst *) logic [3:0] fv_which;                // 0x010 to 0x044 are arguments
  logic [11:0] fv_addr, fv_asked_q;
  logic [31:0] fv_value_q, fv_reg, fv_read_q;
  logic [13:0] fv_is;
  logic        fv_start_q, fv_done_q, fv_ready_q, fv_gie_q, fv_read_last_q;
  logic [1:0]  fv_ier_q, fv_isr_q;
  logic [3:0]  fv_ctrl_q;                             // what a read of CTRL has to give
  logic [447:0] fv_regs;
  assign fv_addr = 12'h010 + {6'd0, fv_which, 2'b00};
  assign fv_regs = {size_q[127:96], base_q[255:192], size_q[95:64], base_q[191:128], size_q[63:32], base_q[127:64],
                    size_q[31:0], base_q[63:0], count_q, offset_q};
  assign fv_reg  = fv_regs[32*32'(fv_which)+:32];

  logic fv_write_ctrl, fv_write_isr, fv_read_ctrl;
  assign fv_write_ctrl = write_i && write_addr_i == 12'h000;
  assign fv_write_isr  = write_i && write_addr_i == 12'h00c;
  assign fv_read_ctrl  = read_i && read_addr_i == 12'h000;

  always_ff @(posedge clk_i) begin
    fv_read_last_q <= rst_ni && read_i;
    fv_asked_q     <= read_addr_i;
    fv_ctrl_q      <= {fv_ready_q, idle_i && !fv_start_q, fv_done_q, fv_start_q || running_i};
    fv_read_q      <= fv_value_q;
    if (!rst_ni) begin
      fv_value_q <= '0;
      fv_start_q <= 1'b0;
      fv_done_q  <= 1'b0;
      fv_ready_q <= 1'b0;
      fv_gie_q   <= 1'b0;
      fv_ier_q   <= '0;
      fv_isr_q   <= '0;
    end else begin
      if (write_i && write_addr_i == fv_addr && !running_i && !start_ack_i) fv_value_q <= write_data_i;
      // A start is wanted from the write until it begins; a soft reset forgets it.
      if (soft_reset_o || start_ack_i) fv_start_q <= 1'b0;
      else if (fv_write_ctrl && write_data_i[0] && !running_i) fv_start_q <= 1'b1;
      fv_done_q  <= done_i || (fv_done_q && !fv_read_ctrl);
      fv_ready_q <= done_i || (fv_ready_q && !fv_read_ctrl);
      if (write_i && write_addr_i == 12'h004) fv_gie_q <= write_data_i[0];
      if (write_i && write_addr_i == 12'h008) fv_ier_q <= write_data_i[1:0];
      fv_isr_q <= (fv_isr_q ^ (fv_write_isr ? write_data_i[1:0] : 2'b00)) | (done_i ? fv_ier_q : 2'b00);
    end
  end

  always_comb assume (fv_which < 4'd14);
  always_comb if (fv_up_q && rst_ni) begin
    if (fv_read_last_q && fv_asked_q == fv_addr) CTRL_1: assert (read_data_o == fv_read_q);
    if (fv_read_last_q && fv_asked_q == 12'h000) CTRL_2: assert (read_data_o == {28'd0, fv_ctrl_q});
    CTRL_3: assert (start_o == fv_start_q);
    CTRL_4: assert (soft_reset_o == (write_i && write_addr_i == 12'h048 && write_data_i[0]));
    CTRL_5: assert (interrupt_o == (fv_gie_q && fv_isr_q != 0));
    if (fv_read_last_q && fv_asked_q == 12'h080) CTRL_6a: assert (read_data_o == 32'h54455352);
    if (fv_read_last_q && fv_asked_q == 12'h088) CTRL_6b: assert (read_data_o == tsr_cfg_pkg::ConfigId[31:0]);
    if (fv_read_last_q && fv_asked_q == 12'h08c) CTRL_6c: assert (read_data_o == tsr_cfg_pkg::ConfigId[63:32]);
    if (fv_read_last_q && fv_asked_q > 12'h098 && fv_asked_q < 12'h100) CTRL_7: assert (read_data_o == 0);

    inv_value: assert (fv_value_q == fv_reg);
    inv_run: assert (start_q == fv_start_q && done_q == fv_done_q && ready_q == fv_ready_q);
    inv_interrupt: assert (gie_q == fv_gie_q && ier_q == fv_ier_q && isr_q == fv_isr_q);
    if (fv_read_last_q) inv_count: assert (counter_q == (fv_asked_q >= 12'h100 && fv_asked_q < 12'h100 + 12'(8 * tsr_isa_pkg::Counters)));
    if (fv_read_last_q && fv_asked_q == fv_addr) inv_data: assert (data_q == fv_read_q);
  end

  always_comb if (fv_up_q && rst_ni) begin
    cover_CTRL_1: cover (fv_read_last_q && fv_asked_q == fv_addr && fv_which == 4'd9 && read_data_o == 32'hdeadbeef && running_i);
    cover_CTRL_2: cover (fv_read_last_q && fv_asked_q == 12'h000 && read_data_o[3:0] == 4'he);
    cover_CTRL_3: cover (start_o && start_ack_i);
    cover_CTRL_4: cover (soft_reset_o && fv_start_q);
    cover_CTRL_5: cover (interrupt_o && fv_isr_q == 2'd2);
    cover_CTRL_6: cover (fv_read_last_q && fv_asked_q == 12'h080);
    cover_CTRL_7: cover (fv_read_last_q && fv_asked_q == 12'h0fc);
  end
