// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_tokens, for all pairs at once: bit 4 * producer + consumer. Counted apart: tokens given, tokens taken.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic [127:0] fv_given_q, fv_taken_q;              // modulo 256
  logic [15:0]  fv_give, fv_take, fv_avail, fv_some, fv_full, fv_same, fv_self;
  assign fv_self = 16'h8421;
  always_comb for (int n = 0; n < 16; n++) begin
    fv_some[n] = fv_given_q[8*n+:8] != fv_taken_q[8*n+:8];
    fv_full[n] = fv_given_q[8*n+:8] - fv_taken_q[8*n+:8] == 8'd255;
  end
  always_comb for (int p = 0; p < 4; p++) begin
    fv_give[4*p+:4] = p == 0 ? give_load_i : p == 1 ? give_gemm_i : p == 2 ? give_alu_i : give_store_i;
    fv_take[4*p+:4] = {take_store_i[p], take_alu_i[p], take_gemm_i[p], take_load_i[p]};
    fv_avail[4*p+:4] = {avail_store_o[p], avail_alu_o[p], avail_gemm_o[p], avail_load_o[p]};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      fv_given_q <= '0;
      fv_taken_q <= '0;
    end else for (int n = 0; n < 16; n++) begin
      fv_given_q[8*n+:8] <= fv_given_q[8*n+:8] + 8'(fv_give[n]);
      fv_taken_q[8*n+:8] <= fv_taken_q[8*n+:8] + 8'(fv_take[n]);
    end
  end

  // The module's own vectors have bit 4 * consumer + producer.
  always_comb for (int p = 0; p < 4; p++) for (int c = 0; c < 4; c++)
    fv_same[4*p+c] = p == c ? !avail_q[5*p]
        : count_q[8*(4*c+p)+:8] == fv_given_q[8*(4*p+c)+:8] - fv_taken_q[8*(4*p+c)+:8] && avail_q[4*c+p] == fv_some[4*p+c];

  always_comb if (fv_up_q && rst_ni) begin
    TOKEN_A1: `FV_ENV ((fv_take & ~fv_avail & ~fv_self) == 0);
    TOKEN_A2: `FV_ENV ((fv_give & ~fv_take & fv_full & ~fv_self) == 0);

    TOKEN_1: assert ((fv_avail & ~fv_self) == (fv_some & ~fv_self));
    TOKEN_2: assert ((fv_avail & fv_self) == 0);
    inv_same: assert (&fv_same);

    cover_TOKEN_1: cover (fv_avail == 16'h0802 && fv_taken_q[23:16] == 8'd2 && fv_given_q[15:8] == 8'd1);
    cover_TOKEN_2: cover ((fv_give & fv_self) == fv_self && fv_avail == ~fv_self);
  end
