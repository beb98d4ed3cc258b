// SPDX-License-Identifier: Apache-2.0
// GEMM unit: acc[a] = (overwrite && first ? 0 : acc[a]) + inp[i] * wgt[w], one micro-op a cycle.
//
//     queue, tokens -> tsr_issue -> X -> S1 ---> S2 ------> S3 ------> S4 -----> S5 ---------> S6 -------> acc write, done,
//                                   |    |       |          |          |         |             |           tokens
//                           bank guard   read    tsr_dot    tsr_dot    tsr_dot   add --------> sum
//                                        inp,wgt operands   products   halves    ^             |
//                                                                      read acc -+<------------+ same accumulator again:
//                                                                                                forwarded
//
// Latency: micro-op issued in cycle X, accumulator written in X + Depth, visible to a read presented in the cycle after.
//
// 1. Nothing stalls after issue; the bank guard keeps the ALU out of the banks in acc_busy_o, which are those of S1 to S5: what
//    the ALU issues later than that reads the bank behind GEMM's write.
// 2. A micro-op on the accumulator of one of the two before it gets the sum forwarded; three behind, it reads it from memory.
// 3. done_o and tok_give_o come with the write of the instruction's last micro-op.
// 4. After a fault or halt_i the micro-ops in S1 to S6 still finish.
module tsr_gemm #(
  parameter int unsigned Batch = tsr_cfg_pkg::Batch,
  parameter int unsigned BlockIn = tsr_cfg_pkg::BlockIn,
  parameter int unsigned BlockOut = tsr_cfg_pkg::BlockOut,
  parameter int unsigned InpEntries = tsr_cfg_pkg::InpBytes / (Batch * BlockIn),
  parameter int unsigned WgtEntries = tsr_cfg_pkg::WgtBytes / (BlockIn * BlockOut),
  parameter int unsigned AccEntries = tsr_cfg_pkg::AccBytes / (4 * Batch * BlockOut),
  localparam int unsigned InpBits = 8 * Batch * BlockIn,
  localparam int unsigned WgtBits = 8 * BlockIn * BlockOut,
  localparam int unsigned AccBits = 32 * Batch * BlockOut
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               flush_i,
  input  logic               halt_i,

  input  logic               valid_i,
  input  logic [255:0]       insn_i,
  input  logic [31:0]        index_i,
  output logic               ready_o,
  input  logic [3:0]         tok_avail_i,
  output logic [3:0]         tok_take_o,
  output logic [3:0]         tok_give_o,

  output logic               uop_re_o,
  output logic [15:0]        uop_addr_o,
  input  logic [63:0]        uop_data_i,

  output logic               inp_re_o,
  output logic [15:0]        inp_addr_o,
  input  logic [InpBits-1:0] inp_data_i,
  output logic               wgt_re_o,
  output logic [15:0]        wgt_addr_o,
  input  logic [WgtBits-1:0] wgt_data_i,
  output logic               acc_re_o,
  output logic [15:0]        acc_raddr_o,
  input  logic [AccBits-1:0] acc_rdata_i,
  output logic               acc_we_o,
  output logic [15:0]        acc_waddr_o,
  output logic [AccBits-1:0] acc_wdata_o,

  output logic               ask_o,            // a micro-op asks to issue, with these banks
  output logic [1:0]         acc_bank_o,
  output logic [1:0]         inp_bank_o,
  output logic [3:0]         acc_busy_o,
  input  logic               grant_i,

  output logic               busy_o,
  output logic               stall_token_o,
  output logic               stall_bank_o,
  output logic               active_o,
  output logic               done_o,
  output logic               fault_o,
  output logic [7:0]         fault_code_o,
  output logic [31:0]        fault_index_o
);

  localparam int unsigned Depth = 6;      // issue to write
  localparam int unsigned Held = Depth - 1;  // stages that keep the ALU out of their bank
  localparam int unsigned InpIdx = $clog2(InpEntries);
  localparam int unsigned WgtIdx = $clog2(WgtEntries);
  localparam int unsigned AccIdx = $clog2(AccEntries);
  localparam int unsigned Lanes = Batch * BlockOut;

  // Opcode and reserved fields were checked by dispatch.
  // verilator lint_off UNUSEDSIGNAL
  tsr_isa_pkg::gemm_t insn;
  // verilator lint_on UNUSEDSIGNAL
  assign insn = insn_i;

  logic        pending, x_ask, x_fire, x_last, x_first, x_range, x_overwrite;
  logic [3:0]  x_signal;
  logic [4:0]  f_ctl_q;  // {overwrite, signal}
  logic [15:0] x_acc, x_inp, x_wgt;

  always_ff @(posedge clk_i) if (ready_o) f_ctl_q <= {insn.overwrite, insn.signal_mask};

  tsr_issue #(.CtlWidth(5)) u_issue (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .flush_i          (flush_i),
    .halt_i           (halt_i),
    .insn_valid_i     (valid_i),
    .insn_index_i     (index_i),
    .insn_wait_i      (insn.wait_mask),
    .insn_uop_begin_i (insn.uop_begin),
    .insn_uop_count_i (insn.uop_count),
    .insn_count0_i    (insn.count0),
    .insn_count1_i    (insn.count1),
    .insn_dst0_i      (insn.acc0),
    .insn_dst1_i      (insn.acc1),
    .insn_src0_i      (insn.inp0),
    .insn_src1_i      (insn.inp1),
    .insn_par0_i      (insn.wgt0),
    .insn_par1_i      (insn.wgt1),
    .f_ctl_i          (f_ctl_q),
    .insn_ready_o     (ready_o),
    .tok_avail_i      (tok_avail_i),
    .tok_take_o       (tok_take_o),
    .uop_re_o         (uop_re_o),
    .uop_addr_o       (uop_addr_o),
    .uop_data_i       (uop_data_i),
    .x_ask_o          (x_ask),
    .x_fire_o         (x_fire),
    .x_last_o         (x_last),
    .x_first_o        (x_first),
    .x_dst_o          (x_acc),
    .x_src_o          (x_inp),
    .x_par_o          (x_wgt),
    .x_ctl_o          ({x_overwrite, x_signal}),
    .x_range_i        (x_range),
    .x_grant_i        (grant_i),
    .busy_o           (busy_o),
    .stall_token_o    (stall_token_o),
    .stall_bank_o     (stall_bank_o),
    .pending_o        (pending),
    .fault_o          (fault_o),
    .fault_code_o     (fault_code_o),
    .fault_index_o    (fault_index_o)
  );

  // Entries are powers of two.
  always_comb begin
    x_range = 1'b0;
    if (x_ask) x_range = (x_acc >> AccIdx) != 16'd0 || (x_inp >> InpIdx) != 16'd0 || (x_wgt >> WgtIdx) != 16'd0;
  end
  assign ask_o = x_ask;
  assign acc_bank_o = x_acc[AccIdx-1 -: 2];
  assign inp_bank_o = x_inp[InpIdx-1 -: 2];

  // S1 .. S6.
  localparam logic [1:0] FromMemory = 2'd0, FromSum = 2'd1, FromSumBefore = 2'd2, FromZero = 2'd3;

  logic [Depth:1]     valid_q;
  logic [15:0]        s1_inp_q, s1_wgt_q;
  logic [15:0]        s1_acc_q, s2_acc_q, s3_acc_q, s4_acc_q, s5_acc_q, s6_acc_q;
  logic [3:0]         x_bank, busy_q, busy_d;
  logic [4*Held-5:0]  bank_q;         // accumulator banks of S4 .. S1, four bits each
  logic [4:0]         s1_tail_q, s2_tail_q, s3_tail_q, s4_tail_q, s5_tail_q, s6_tail_q;  // {last, signal}
  logic               s1_zero_q, s2_zero_q, s3_zero_q, s4_zero_q;
  logic               s4_repeat, s4_repeat_before;
  logic [1:0]         s5_from_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) valid_q <= '0;
    else valid_q <= {valid_q[Depth-1:1], x_fire};
  end

  // A process for each stage: Verilator can then order them so that no register needs a second copy.
  always_ff @(posedge clk_i) begin
    if (x_fire) begin
      s1_inp_q <= x_inp;
      s1_wgt_q <= x_wgt;
      s1_acc_q <= x_acc;
      s1_zero_q <= x_overwrite && x_first;
      s1_tail_q <= {x_last, x_signal};
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      s2_acc_q <= s1_acc_q;
      s2_zero_q <= s1_zero_q;
      s2_tail_q <= s1_tail_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[2]) begin
      s3_acc_q <= s2_acc_q;
      s3_zero_q <= s2_zero_q;
      s3_tail_q <= s2_tail_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[3]) begin
      s4_acc_q <= s3_acc_q;
      s4_zero_q <= s3_zero_q;
      s4_tail_q <= s3_tail_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[4]) begin
      s5_acc_q <= s4_acc_q;
      s5_tail_q <= s4_tail_q;
      s5_from_q <= s4_zero_q ? FromZero : (s4_repeat ? FromSum : (s4_repeat_before ? FromSumBefore : FromMemory));
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[5]) begin
      s6_acc_q <= s5_acc_q;
      s6_tail_q <= s5_tail_q;
    end
  end

  // A bank mask of a stage that holds nothing is 0, so the busy mask, in a register of its own, is the union of those of S1 to S5.
  // That of X is taken without x_range, which comes late: a micro-op that it keeps from issuing only makes ALU wait.
  always_comb begin
    x_bank = 4'd0;
    if (x_ask && grant_i) x_bank = 4'd1 << acc_bank_o;
    busy_d = x_bank;
    if (bank_q != '0) for (int unsigned s = 1; s < Held; s++) busy_d = busy_d | bank_q[4*s-4 +: 4];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) begin
      bank_q <= '0;
      busy_q <= 4'd0;
    end else begin
      bank_q <= bank_q << 4 | (4*Held-4)'(x_bank);
      busy_q <= busy_d;
    end
  end

  assign acc_busy_o = busy_q;

  assign inp_re_o = valid_q[1];
  assign inp_addr_o = s1_inp_q;
  assign wgt_re_o = valid_q[1];
  assign wgt_addr_o = s1_wgt_q;
  assign acc_re_o = valid_q[4];
  assign acc_raddr_o = s4_acc_q;

  logic [AccBits-1:0] s5_dot, sum_q, sum_before_q;

  tsr_dot #(
    .Batch    (Batch),
    .BlockIn  (BlockIn),
    .BlockOut (BlockOut)
  ) u_dot (
    .clk_i        (clk_i),
    .en_operand_i (valid_q[2]),
    .en_product_i (valid_q[3]),
    .en_dot_i     (valid_q[4]),
    .inp_i        (inp_data_i),
    .wgt_i        (wgt_data_i),
    .dot_o        (s5_dot)
  );

  // The sum of the micro-op now in S5, or in S6, is what this one adds to when it comes to S5.
  assign s4_repeat = valid_q[5] && s5_acc_q[AccIdx-1:0] == s4_acc_q[AccIdx-1:0];
  assign s4_repeat_before = valid_q[6] && s6_acc_q[AccIdx-1:0] == s4_acc_q[AccIdx-1:0];

  always_ff @(posedge clk_i) begin
    if (valid_q[4] && s4_repeat_before) sum_before_q <= sum_q;
  end

  // Two forms: for hardware a lane's choice and addition are a module; in Verilator all lanes are one loop.
`ifdef VERILATOR
  logic [AccBits-1:0] base;

  always_comb begin
    base = '0;
    if (valid_q[5]) begin
      case (s5_from_q)
        FromMemory: base = acc_rdata_i;
        FromSum: base = sum_q;
        FromSumBefore: base = sum_before_q;
        default: base = '0;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[5]) for (int unsigned l = 0; l < Lanes; l++) sum_q[32*l +: 32] <= s5_dot[32*l +: 32] + base[32*l +: 32];
  end
`else
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    logic [31:0] sum;

    tsr_gemm_add u_add (
      .dot_i    (s5_dot[32*l +: 32]),
      .from_i   (s5_from_q),
      .memory_i (acc_rdata_i[32*l +: 32]),
      .sum_i    (sum_q[32*l +: 32]),
      .before_i (sum_before_q[32*l +: 32]),
      .sum_o    (sum)
    );

    always_ff @(posedge clk_i) if (valid_q[5]) sum_q[32*l +: 32] <= sum;
  end
`endif

  assign acc_we_o = valid_q[6];
  assign acc_waddr_o = s6_acc_q;
  assign acc_wdata_o = sum_q;

  assign done_o = valid_q[6] && s6_tail_q[4];
  assign tok_give_o = done_o ? s6_tail_q[3:0] : 4'd0;
  assign active_o = pending || valid_q != '0;

endmodule
