// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_bank_guard, which has no state.
  logic [3:0] fv_gemm_takes, fv_alu_takes;             // accumulator banks granted in this cycle
  assign fv_gemm_takes = gemm_grant_o ? gemm_acc : 4'd0;
  assign fv_alu_takes  = alu_grant_o ? alu_acc : 4'd0;
  always_comb begin
    BANK_A1: `FV_ENV ((gemm_busy_i & alu_busy_i) == 0);
    BANK_7: assert (((gemm_busy_i | fv_gemm_takes) & (alu_busy_i | fv_alu_takes)) == 0);
    BANK_1: assert ((fv_gemm_takes & alu_busy_i) == 0);
    BANK_2: assert ((fv_alu_takes & gemm_busy_i) == 0);
    BANK_3: assert ((fv_gemm_takes & fv_alu_takes) == 0);
    if (gemm_grant_o && alu_grant_o) BANK_4: assert ((gemm_inp & alu_inp) == 0);
    if ((gemm_acc & alu_busy_i) == 0) BANK_5: assert (gemm_grant_o);
    if ((alu_acc & gemm_busy_i) == 0 && !gemm_grant_o) BANK_6: assert (alu_grant_o);

    cover_BANK_1: cover (gemm_acc == 4'd2 && alu_busy_i == 4'd9 && gemm_grant_o);
    cover_BANK_2: cover (alu_acc == 4'd6 && gemm_busy_i == 4'd9 && alu_grant_o);
    cover_BANK_3: cover (gemm_acc == 4'd1 && alu_acc == 4'd3 && gemm_grant_o);
    cover_BANK_4: cover (gemm_grant_o && alu_grant_o && gemm_inp == 4'd1 && alu_inp == 4'd2);
    cover_BANK_5: cover (gemm_acc == 4'd1 && alu_acc == 4'd1 && alu_busy_i == 4'd8);
    cover_BANK_7: cover (gemm_busy_i == 4'd1 && alu_busy_i == 4'd2 && fv_gemm_takes == 4'd4 && fv_alu_takes == 4'd8);
    cover_BANK_6: cover (!gemm_grant_o && alu_acc == 4'd1);
  end
