// SPDX-License-Identifier: Apache-2.0
// ALU unit: lane-wise operations on accumulators, requantisation, and the way to the OUT buffer.
//
//     queue,   -> tsr_issue -> X -> S1 ---> S2 ... S7 ---------------------> S8 ----> S9 -----> S10 -> ACC or OUT write
//     tokens                   |    |       |                                |        |         |      done, tokens
//                     interlock,   read     tsr_rescale (b -> t)             MUL      ADD       saturate
//                     bank guard   acc[src]             S6: read acc[dst]    shift    clip
//                                  inp, par             S7: a                  ^        ^
//                                                           ^------------------+--------+- forwarding
//
// Latency: micro-op issued in cycle X; accumulator or OUT written in X + Depth; done with it.
//
// 1. Nothing stalls after issue. A micro-op waits in X (stall_bank_o) for the bank guard, while acc[src] is the destination
//    of a micro-op in S1 to S9, when its read of acc[src] would meet an S6 read of acc[dst] in the same bank, and, with MUL, SHL
//    or SHR, while acc[dst] is the destination of the micro-op in S1.
// 2. acc[dst] of one of the four micro-ops before is forwarded, so a chain of ADD, SUB, MIN, MAX on one accumulator runs at full
//    rate, clamped or not. Only operations other than MOV read acc[dst].
// 3. done_o and tok_give_o come in S10 of the instruction's last micro-op, when its write is the last outstanding one.
// 4. After a fault or halt_i the micro-ops in S1 to S10 still finish.
// 5. acc_busy_o: acc[dst] in S1 to S6, behind which GEMM can have the bank: the read of a micro-op that it issues then follows
//    the write in S10. acc[src] in S1.
module tsr_alu #(
  parameter int unsigned Batch = tsr_cfg_pkg::Batch,
  parameter int unsigned BlockIn = tsr_cfg_pkg::BlockIn,
  parameter int unsigned BlockOut = tsr_cfg_pkg::BlockOut,
  parameter int unsigned InpEntries = tsr_cfg_pkg::InpBytes / (Batch * BlockIn),
  parameter int unsigned AccEntries = tsr_cfg_pkg::AccBytes / (4 * Batch * BlockOut),
  parameter int unsigned OutEntries = tsr_cfg_pkg::OutBytes / (Batch * BlockOut),
  parameter int unsigned ParEntries = tsr_cfg_pkg::ParBytes / (12 * BlockOut),
  localparam int unsigned InpBits = 8 * Batch * BlockIn,
  localparam int unsigned AccBits = 32 * Batch * BlockOut,
  localparam int unsigned OutBits = 8 * Batch * BlockOut,
  localparam int unsigned ParBits = 96 * BlockOut
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
  output logic               par_re_o,
  output logic [15:0]        par_addr_o,
  input  logic [ParBits-1:0] par_data_i,
  output logic               early_re_o,
  output logic [15:0]        early_addr_o,
  input  logic [AccBits-1:0] early_data_i,
  output logic               late_re_o,
  output logic [15:0]        late_addr_o,
  input  logic [AccBits-1:0] late_data_i,
  output logic               acc_we_o,
  output logic [15:0]        acc_waddr_o,
  output logic [AccBits-1:0] acc_wdata_o,
  output logic               out_we_o,
  output logic [15:0]        out_waddr_o,
  output logic [OutBits-1:0] out_wdata_o,

  output logic               dst_ask_o,        // the micro-op in X, whether it asks to issue or not, writes acc[dst], with its bank
  output logic               src_ask_o,        // reads acc[src]
  output logic               inp_ask_o,        // reads inp[src]
  output logic [1:0]         dst_bank_o,
  output logic [1:0]         src_bank_o,
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

  localparam int unsigned Depth = 10;     // issue to write
  localparam int unsigned Held = 6;       // stages that keep GEMM out of the bank of acc[dst]
  localparam int unsigned LateRead = 5;   // the read of acc[dst] meets that of acc[src] so many micro-ops behind, in S1
  localparam int unsigned InpIdx = $clog2(InpEntries);
  localparam int unsigned AccIdx = $clog2(AccEntries);
  localparam int unsigned ParIdx = $clog2(ParEntries);
  localparam int unsigned OutIdx = $clog2(OutEntries);
  localparam int unsigned Lanes = Batch * BlockOut;

  // What a micro-op carries from its instruction, and to the end of the pipeline.
  typedef struct packed {
    logic        src_acc;
    logic        src_inp;
    logic        rescale;
    logic        early;   // reads acc[dst] a clock before ADD does
    logic [15:0] imm;
    logic [3:0]  op;
    logic        clip;
    logic [15:0] lo;
    logic [15:0] hi;
    logic        dst_acc;
    logic [3:0]  signal;
  } ctl_t;

  typedef struct packed {
    logic [3:0]  op;
    logic        clip;
    logic [15:0] lo;
    logic [15:0] hi;
    logic        to_out;
    logic        last;
    logic [3:0]  signal;
    logic [15:0] dst;
  } stage_t;

  typedef struct packed {
    logic        to_out;
    logic        last;
    logic [3:0]  signal;
    logic [15:0] dst;
  } tail_t;

  // Opcode and reserved fields were checked by dispatch.
  // verilator lint_off UNUSEDSIGNAL
  tsr_isa_pkg::alu_t insn;
  // verilator lint_on UNUSEDSIGNAL
  ctl_t              f_ctl_q, x_ctl;
  logic              pending, x_ask, x_fire, x_last, x_range, x_first_unused;
  logic [15:0]       x_dst, x_src, x_par;

  assign insn = insn_i;

  always_ff @(posedge clk_i) begin
    if (ready_o) begin
      f_ctl_q.src_acc <= insn.src_kind == tsr_isa_pkg::SrcAcc;
      f_ctl_q.src_inp <= insn.src_kind == tsr_isa_pkg::SrcInp;
      f_ctl_q.rescale <= insn.rescale;
      f_ctl_q.early <= insn.op == tsr_isa_pkg::AluMul || insn.op == tsr_isa_pkg::AluShl || insn.op == tsr_isa_pkg::AluShr;
      f_ctl_q.imm <= insn.imm;
      f_ctl_q.op <= insn.op;
      f_ctl_q.clip <= insn.clip;
      f_ctl_q.lo <= insn.lo;
      f_ctl_q.hi <= insn.hi;
      f_ctl_q.dst_acc <= insn.dst_kind != tsr_isa_pkg::DstOut;
      f_ctl_q.signal <= insn.signal_mask;
    end
  end

  logic x_interlock;

  tsr_issue #(.CtlWidth($bits(f_ctl_q))) u_issue (
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
    .insn_dst0_i      (insn.dst0),
    .insn_dst1_i      (insn.dst1),
    .insn_src0_i      (insn.src0),
    .insn_src1_i      (insn.src1),
    .insn_par0_i      (insn.par0),
    .insn_par1_i      (insn.par1),
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
    .x_first_o        (x_first_unused),
    .x_dst_o          (x_dst),
    .x_src_o          (x_src),
    .x_par_o          (x_par),
    .x_ctl_o          (x_ctl),
    .x_range_i        (x_range),
    .x_grant_i        (grant_i && !x_interlock),
    .busy_o           (busy_o),
    .stall_token_o    (stall_token_o),
    .stall_bank_o     (stall_bank_o),
    .pending_o        (pending),
    .fault_o          (fault_o),
    .fault_code_o     (fault_code_o),
    .fault_index_o    (fault_index_o)
  );

  // X: checks, banks and interlocks. Entries are powers of two, PAR's in most configurations: a comparison takes three times the
  // levels of logic.

  always_comb begin
    x_range = 1'b0;
    if (x_ask) x_range = (x_dst >> (x_ctl.dst_acc ? AccIdx : OutIdx)) != 16'd0 ||
                         (x_ctl.src_acc && (x_src >> AccIdx) != 16'd0) ||
                         (x_ctl.src_inp && (x_src >> InpIdx) != 16'd0) ||
                         (x_ctl.rescale && (ParEntries == 1 << ParIdx ? (x_par >> ParIdx) != 16'd0
                                                                      : {1'b0, x_par} >= 17'(ParEntries)));
  end
  assign dst_ask_o = x_ctl.dst_acc;
  assign src_ask_o = x_ctl.src_acc;
  assign inp_ask_o = x_ctl.src_inp;
  assign dst_bank_o = x_dst[AccIdx-1 -: 2];
  assign src_bank_o = x_src[AccIdx-1 -: 2];
  assign inp_bank_o = x_src[InpIdx-1 -: 2];

  logic [Depth:1]     valid_q;
  stage_t             s1_q, s2_q, s3_q, s4_q, s5_q, s6_q, s7_q;
  tail_t              s8_q, s9_q, s10_q;
  logic [4*Held-5:0]  dst_bank_q;  // S5 .. S1, four bits each
  logic [3:0]         x_dst_bank, x_src_bank, busy_q, busy_d;
  logic               s1_src_acc_q, s1_src_inp_q, s2_src_acc_q, s2_src_inp_q;
  logic               s1_rescale_q, s2_rescale_q;
  logic [15:0]        s1_imm_q, s2_imm_q, s1_src_q, s1_par_q;
  logic [Depth-1:1]   in_flight;   // stage holds a micro-op whose result is going to acc[x_src]

  always_comb begin
    in_flight = '0;
    x_interlock = 1'b0;
    if (x_ask && x_ctl.src_acc) begin
      in_flight[1] = valid_q[1] && !s1_q.to_out && s1_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[2] = valid_q[2] && !s2_q.to_out && s2_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[3] = valid_q[3] && !s3_q.to_out && s3_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[4] = valid_q[4] && !s4_q.to_out && s4_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[5] = valid_q[5] && !s5_q.to_out && s5_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[6] = valid_q[6] && !s6_q.to_out && s6_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[7] = valid_q[7] && !s7_q.to_out && s7_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[8] = valid_q[8] && !s8_q.to_out && s8_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      in_flight[9] = valid_q[9] && !s9_q.to_out && s9_q.dst[AccIdx-1:0] == x_src[AccIdx-1:0];
      x_interlock = in_flight != '0 ||
                    (valid_q[LateRead] && s5_q.op != tsr_isa_pkg::AluMov && s5_q.dst[AccIdx-1 -: 2] == x_src[AccIdx-1 -: 2]);
    end
    if (x_ask && x_ctl.early && valid_q[1] && !s1_q.to_out && s1_q.dst[AccIdx-1:0] == x_dst[AccIdx-1:0]) x_interlock = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) begin
      valid_q <= '0;
      dst_bank_q <= '0;
      busy_q <= 4'd0;
    end else begin
      valid_q <= {valid_q[Depth-1:1], x_fire};
      dst_bank_q <= dst_bank_q << 4 | (4*Held-4)'(x_dst_bank);
      busy_q <= busy_d;
    end
  end

  // A bank mask of a stage that holds nothing is 0; the union of S1 to S6 has a register of its own. A source is read in S1.
  // That of X is taken without x_range, which comes late: a micro-op that it keeps from issuing only makes GEMM wait.
  always_comb begin
    x_dst_bank = 4'd0;
    x_src_bank = 4'd0;
    if (x_ask && grant_i && !x_interlock) begin
      if (x_ctl.dst_acc) x_dst_bank = 4'd1 << dst_bank_o;
      if (x_ctl.src_acc) x_src_bank = 4'd1 << src_bank_o;
    end
    busy_d = x_dst_bank | x_src_bank;
    if (dst_bank_q != '0) for (int unsigned s = 1; s < Held; s++) busy_d = busy_d | dst_bank_q[4*s-4 +: 4];
  end
  assign acc_busy_o = busy_q;

  // A process for each stage: Verilator can then order them so that no register needs a second copy.
  always_ff @(posedge clk_i) begin
    if (x_fire) begin
      s1_q <= {x_ctl.op, x_ctl.clip, x_ctl.lo, x_ctl.hi, !x_ctl.dst_acc, x_last, x_ctl.signal, x_dst};
      s1_src_acc_q <= x_ctl.src_acc;
      s1_src_inp_q <= x_ctl.src_inp;
      s1_rescale_q <= x_ctl.rescale;
      s1_imm_q <= x_ctl.imm;
      s1_src_q <= x_src;
      s1_par_q <= x_par;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      s2_q <= s1_q;
      s2_src_acc_q <= s1_src_acc_q;
      s2_src_inp_q <= s1_src_inp_q;
      s2_rescale_q <= s1_rescale_q;
      s2_imm_q <= s1_imm_q;
    end
  end

  always_ff @(posedge clk_i) if (valid_q[2]) s3_q <= s2_q;
  always_ff @(posedge clk_i) if (valid_q[3]) s4_q <= s3_q;
  always_ff @(posedge clk_i) if (valid_q[4]) s5_q <= s4_q;
  always_ff @(posedge clk_i) if (valid_q[5]) s6_q <= s5_q;
  always_ff @(posedge clk_i) if (valid_q[6]) s7_q <= s6_q;

  always_ff @(posedge clk_i) begin
    if (valid_q[7]) begin
      s8_q.to_out <= s7_q.to_out;
      s8_q.last <= s7_q.last;
      s8_q.signal <= s7_q.signal;
      s8_q.dst <= s7_q.dst;
    end
  end

  always_ff @(posedge clk_i) if (valid_q[8]) s9_q <= s8_q;
  always_ff @(posedge clk_i) if (valid_q[9]) s10_q <= s9_q;

  // S1: source and parameter reads.
  assign early_re_o = valid_q[1] && s1_src_acc_q;
  assign early_addr_o = s1_src_q;
  assign inp_re_o = valid_q[1] && s1_src_inp_q;
  assign inp_addr_o = s1_src_q;
  assign par_re_o = valid_q[1] && s1_rescale_q;
  assign par_addr_o = s1_par_q;

  // S2 .. S7: b becomes t.
  logic [AccBits-1:0] inp_lanes, s2_b, s8_t;

  if (BlockIn == BlockOut) begin : g_inp_lanes
    always_comb begin
      inp_lanes = '0;
      if (valid_q[2] && s2_src_inp_q) begin
        for (int unsigned l = 0; l < Lanes; l++) inp_lanes[32*l +: 32] = {{24{inp_data_i[8*l+7]}}, inp_data_i[8*l +: 8]};
      end
    end
  end else begin : g_no_inp_lanes
    logic inp_unused;
    assign inp_unused = ^inp_data_i;
    assign inp_lanes = '0;
  end

  always_comb begin
    s2_b = '0;
    if (valid_q[2]) begin
      if (s2_src_acc_q) s2_b = early_data_i;
      else if (s2_src_inp_q) s2_b = inp_lanes;
      else s2_b = {Lanes{{16{s2_imm_q[15]}}, s2_imm_q}};
    end
  end

  tsr_rescale #(
    .Channels (BlockOut),
    .Lanes    (Lanes)
  ) u_rescale (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .flush_i   (flush_i),
    .valid_i   (valid_q[2]),
    .rescale_i (s2_rescale_q),
    .imm_i     (s2_imm_q),
    .b_i       (s2_b),
    .par_i     (par_data_i),
    .t_o       (s8_t)
  );

  // S6, S7: the old accumulator, or what a micro-op ahead makes of it. Results appear in s10_r, so a micro-op four or three ahead
  // of this one is caught here, one two ahead in the first stage of tsr_alu_op, the one just ahead in its second.
  logic [AccBits-1:0] s8_a_q, s10_r, s11_r_q;
  logic               s7_from_s10_q, s7_from_s11_q;

  assign late_re_o = valid_q[6] && s6_q.op != tsr_isa_pkg::AluMov;
  assign late_addr_o = s6_q.dst;

  always_ff @(posedge clk_i) begin
    if (valid_q[6]) begin
      s7_from_s10_q <= valid_q[9] && !s9_q.to_out && s9_q.dst == s6_q.dst;
      s7_from_s11_q <= valid_q[10] && !s10_q.to_out && s10_q.dst == s6_q.dst;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q[7] && s7_q.op != tsr_isa_pkg::AluMov) begin
      if (s7_from_s10_q) s8_a_q <= s10_r;
      else if (s7_from_s11_q) s8_a_q <= s11_r_q;
      else s8_a_q <= late_data_i;
    end
  end

  always_ff @(posedge clk_i) if (valid_q[10]) s11_r_q <= s10_r;

  // S8, S9: operation, clamp.
  tsr_alu_op #(.Lanes(Lanes)) u_op (
    .clk_i      (clk_i),
    .en0_i      (valid_q[7]),
    .op_i       (s7_q.op),
    .clip_i     (s7_q.clip),
    .lo_i       (s7_q.lo),
    .hi_i       (s7_q.hi),
    .forward1_i (valid_q[9] && !s9_q.to_out && s9_q.dst == s7_q.dst),
    .en1_i      (valid_q[8]),
    .a_i        (s8_a_q),
    .t_i        (s8_t),
    .forward2_i (valid_q[9] && !s9_q.to_out && s9_q.dst == s8_q.dst),
    .en2_i      (valid_q[9]),
    .r_o        (s10_r)
  );

  // S10: saturation, ACC or OUT write.
  assign acc_we_o = valid_q[10] && !s10_q.to_out;
  assign acc_waddr_o = s10_q.dst;
  assign acc_wdata_o = s10_r;

  always_comb begin
    out_wdata_o = '0;
    if (valid_q[10] && s10_q.to_out) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        if (s10_r[32*l+7 +: 25] == {25{s10_r[32*l+31]}}) out_wdata_o[8*l +: 8] = s10_r[32*l +: 8];
        else out_wdata_o[8*l +: 8] = s10_r[32*l+31] ? 8'h80 : 8'h7f;
      end
    end
  end

  assign out_we_o = valid_q[10] && s10_q.to_out;
  assign out_waddr_o = s10_q.dst;

  assign done_o = valid_q[10] && s10_q.last;
  assign tok_give_o = done_o ? s10_q.signal : 4'd0;
  assign active_o = pending || valid_q != '0;

endmodule
