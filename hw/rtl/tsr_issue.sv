// SPDX-License-Identifier: Apache-2.0
// Front end of GEMM and of ALU: takes instructions, walks their micro-ops, checks and issues one a cycle.
//
//     queue head --> take ---> F: tsr_loop ---> X: index = micro-op + offset ---> x_*_o, x_fire_o
//     tokens ------>  |          |                |  ^            ^
//                     |          v                |  | x_range_i  | x_grant_i
//                     |        micro-op memory ---+  +------------+-- the unit's checks, the bank guard
//                     +-> insn_ready_o, tok_take_o
//
// Latency: an instruction taken in cycle T has its first micro-op in X in cycle T + 2; without stalls one a cycle follows,
// and the next instruction's first micro-op comes in the cycle after the last one of this.
//
// 1. An instruction is taken when all tokens that it waits for are there and the loop is free or makes its last step; its
//    tokens are taken in the same cycle.
// 2. x_valid_o: a legal micro-op asks to issue. It issues (x_fire_o) in a cycle with x_grant_i and else keeps asking.
// 3. A micro-op with reserved bits set is ILLEGAL_UOP; else one for which the unit answers x_range_i is UOP_RANGE. It does
//    not issue, the unit stops until flush_i, and fault_o pulses in the next cycle with the index of its instruction.
// 4. halt_i keeps instructions from being taken and micro-ops from issuing.
// 5. At most one of busy_o (a micro-op issues), stall_bank_o (one waits for x_grant_i), stall_token_o (nothing is under way
//    here and the queue's head waits for tokens) is high. None: no instruction, or the two cycles in which one starts.
// 6. pending_o: an instruction is taken and has micro-ops left to issue; low once halted or stopped by a fault.
module tsr_issue #(
  parameter int unsigned CtlWidth = 8
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                flush_i,
  input  logic                halt_i,

  input  logic                insn_valid_i,
  input  logic [31:0]         insn_index_i,
  input  logic [3:0]          insn_wait_i,
  input  logic [15:0]         insn_uop_begin_i,
  input  logic [15:0]         insn_uop_count_i,
  input  logic [15:0]         insn_count0_i,
  input  logic [15:0]         insn_count1_i,
  input  logic [15:0]         insn_dst0_i,
  input  logic [15:0]         insn_dst1_i,
  input  logic [15:0]         insn_src0_i,
  input  logic [15:0]         insn_src1_i,
  input  logic [15:0]         insn_par0_i,
  input  logic [15:0]         insn_par1_i,
  input  logic [CtlWidth-1:0] insn_ctl_i,      // what the unit wants to see beside each micro-op
  output logic                insn_ready_o,

  input  logic [3:0]          tok_avail_i,
  output logic [3:0]          tok_take_o,

  output logic                uop_re_o,
  output logic [15:0]         uop_addr_o,
  input  logic [63:0]         uop_data_i,      // in the cycle after uop_re_o, held

  output logic                x_valid_o,
  output logic                x_fire_o,
  output logic                x_last_o,        // the instruction's last micro-op
  output logic                x_first_o,
  output logic [15:0]         x_dst_o,
  output logic [15:0]         x_src_o,
  output logic [15:0]         x_par_o,
  output logic [CtlWidth-1:0] x_ctl_o,
  input  logic                x_range_i,       // one of the indices is outside its buffer
  input  logic                x_grant_i,

  output logic                busy_o,
  output logic                stall_token_o,
  output logic                stall_bank_o,
  output logic                pending_o,
  output logic                fault_o,
  output logic [7:0]          fault_code_o,
  output logic [31:0]         fault_index_o
);

  logic                stopped_q, stop;
  logic                tokens_there, f_valid, f_last, f_step;
  logic [15:0]         f_dst_off, f_src_off, f_par_off;
  logic [31:0]         f_index_q;
  logic [CtlWidth-1:0] f_ctl_q;

  logic                x_valid_q, x_last_q;
  logic [15:0]         x_dst_off_q, x_src_off_q, x_par_off_q;
  logic [31:0]         x_index_q;
  logic [CtlWidth-1:0] x_ctl_q;
  logic                x_reserved, x_fault;

  logic                fault_q;
  logic [7:0]          fault_code_q;

  assign stop = stopped_q || halt_i;

  // Take.
  assign tokens_there = (insn_wait_i & ~tok_avail_i) == 4'd0;
  assign insn_ready_o = insn_valid_i && tokens_there && !stop && !x_fault && (!f_valid || (f_step && f_last));
  assign tok_take_o = insn_ready_o ? insn_wait_i : 4'd0;

  tsr_loop u_loop (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .flush_i     (flush_i),
    .start_i     (insn_ready_o),
    .uop_begin_i (insn_uop_begin_i),
    .uop_count_i (insn_uop_count_i),
    .count0_i    (insn_count0_i),
    .count1_i    (insn_count1_i),
    .dst0_i      (insn_dst0_i),
    .dst1_i      (insn_dst1_i),
    .src0_i      (insn_src0_i),
    .src1_i      (insn_src1_i),
    .par0_i      (insn_par0_i),
    .par1_i      (insn_par1_i),
    .step_i      (f_step),
    .valid_o     (f_valid),
    .last_o      (f_last),
    .uop_o       (uop_addr_o),
    .dst_off_o   (f_dst_off),
    .src_off_o   (f_src_off),
    .par_off_o   (f_par_off)
  );

  // F: the micro-op is read while X is empty or empties.
  assign f_step = f_valid && (!x_valid_q || x_fire_o);
  assign uop_re_o = f_step;

  // X: the memory's output register holds the micro-op until it issues.
  assign x_reserved = uop_data_i[63:49] != 15'd0;
  assign x_first_o = uop_data_i[48];
  assign x_dst_o = uop_data_i[15:0] + x_dst_off_q;
  assign x_src_o = uop_data_i[31:16] + x_src_off_q;
  assign x_par_o = uop_data_i[47:32] + x_par_off_q;
  assign x_last_o = x_last_q;
  assign x_ctl_o = x_ctl_q;
  assign x_fault = x_valid_q && !stop && (x_reserved || x_range_i);
  assign x_valid_o = x_valid_q && !stop && !x_reserved && !x_range_i;
  assign x_fire_o = x_valid_o && x_grant_i;

  always_ff @(posedge clk_i) begin
    if (insn_ready_o) begin
      f_index_q <= insn_index_i;
      f_ctl_q <= insn_ctl_i;
    end
    if (f_step) begin
      x_last_q <= f_last;
      x_dst_off_q <= f_dst_off;
      x_src_off_q <= f_src_off;
      x_par_off_q <= f_par_off;
      x_index_q <= f_index_q;
      x_ctl_q <= f_ctl_q;
    end
    if (x_fault) fault_code_q <= x_reserved ? tsr_isa_pkg::FaultIllegalUop : tsr_isa_pkg::FaultUopRange;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) begin
      x_valid_q <= 1'b0;
      stopped_q <= 1'b0;
      fault_q <= 1'b0;
    end else begin
      if (f_step) x_valid_q <= 1'b1;
      else if (x_fire_o) x_valid_q <= 1'b0;
      if (x_fault) stopped_q <= 1'b1;
      fault_q <= x_fault;
    end
  end

  assign busy_o = x_fire_o;
  assign stall_bank_o = x_valid_o && !x_grant_i;
  assign stall_token_o = !x_valid_q && !f_valid && !stop && insn_valid_i && !tokens_there;
  assign pending_o = (f_valid || x_valid_q) && !stop;
  assign fault_o = fault_q;
  assign fault_code_o = fault_code_q;
  assign fault_index_o = x_index_q;

endmodule
