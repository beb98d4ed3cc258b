// SPDX-License-Identifier: Apache-2.0
// Front end of GEMM and of ALU: takes instructions, walks their micro-ops, checks and issues one a cycle.
//
//     queue head --> take ---> F: tsr_loop ---> R: micro-op memory ---> index = micro-op + offset ---> X ---> x_*_o, x_fire_o
//     tokens ------>  |          runs ahead        holds                                      |        ^           ^  ^
//                     |                                                                       +-> Y ---+   x_range_i  x_grant_i
//                     +-> insn_ready_o, tok_take_o                                       spare, when X waits
//
// Latency: an instruction taken in cycle T has its first micro-op in X in cycle T + 3; without stalls one a cycle follows,
// and the next instruction's first micro-op comes in the cycle after the last one of this.
//
// 1. An instruction is taken when all tokens that it waits for are there and the loop is free or makes its last step; its
//    tokens are taken in the same cycle. The loop steps unless R and Y are occupied: whether X issues has no way to the loop
//    within a cycle. So the micro-ops of at most three steps are behind the loop and have not issued.
// 2. x_ask_o: a micro-op without reserved bits asks to issue. It issues (x_fire_o) in a cycle with x_grant_i and without
//    x_range_i, and else keeps asking.
// 3. A micro-op with reserved bits set is ILLEGAL_UOP; else one for which the unit answers x_range_i is UOP_RANGE. It does
//    not issue, the unit stops until flush_i, and fault_o pulses in the next cycle with the index of its instruction.
// 4. While halt_i is high, one cycle later, nothing is taken and nothing issues. flush_i comes before it falls.
// 5. At most one of busy_o (a micro-op issues), stall_bank_o (one waits for x_grant_i), stall_token_o (nothing is under way
//    here and the queue's head waits for tokens) is high. None: no instruction, or the three cycles in which one starts.
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
  output logic                insn_ready_o,
  input  logic [CtlWidth-1:0] f_ctl_i,         // what the unit wants to see beside each micro-op of the instruction taken last

  input  logic [3:0]          tok_avail_i,
  output logic [3:0]          tok_take_o,

  output logic                uop_re_o,
  output logic [15:0]         uop_addr_o,
  input  logic [63:0]         uop_data_i,      // in the cycle after uop_re_o, held

  output logic                x_ask_o,
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

  logic                faulted_q, stop_q, stop_d;
  logic                tokens_there, f_valid, f_last, f_step;
  logic [15:0]         f_dst_off, f_src_off, f_par_off;
  logic [31:0]         f_index_q;

  logic                r_valid_q, r_last_q, r_move;
  logic [15:0]         r_dst_off_q, r_src_off_q, r_par_off_q;
  logic [31:0]         r_index_q;
  logic [CtlWidth-1:0] r_ctl_q;
  logic                r_reserved;

  logic                y_valid_q, y_last_q, y_first_q, y_reserved_q;
  logic [15:0]         y_dst_q, y_src_q, y_par_q;
  logic [31:0]         y_index_q;
  logic [CtlWidth-1:0] y_ctl_q;

  logic                x_valid_q, x_last_q, x_first_q, x_reserved_q, x_load, x_fault;
  logic                x_ask_q;   // occupied by a micro-op without reserved bits, and not stopped
  logic [15:0]         x_dst_q, x_src_q, x_par_q;
  logic [31:0]         x_index_q;
  logic [CtlWidth-1:0] x_ctl_q;

  logic                fault_q;
  logic [7:0]          fault_code_q;

  // Take.
  assign tokens_there = (insn_wait_i & ~tok_avail_i) == 4'd0;
  assign insn_ready_o = insn_valid_i && tokens_there && !stop_q && (!f_valid || (f_step && f_last));
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

  // F: the micro-op is read while R is empty or moves on.
  assign f_step = f_valid && (!r_valid_q || r_move);
  assign uop_re_o = f_step;

  always_ff @(posedge clk_i) begin
    if (insn_ready_o) begin
      f_index_q <= insn_index_i;
    end
    if (f_step) begin
      r_last_q <= f_last;
      r_dst_off_q <= f_dst_off;
      r_src_off_q <= f_src_off;
      r_par_off_q <= f_par_off;
      r_index_q <= f_index_q;
      r_ctl_q <= f_ctl_i;
    end
  end

  // R: the memory's output register holds the micro-op until it moves on, into X or, when X is occupied and stays so, into Y. The
  // additions stand at both places, so that a simulation makes only those that are wanted; in hardware they are one adder each.
  assign r_move = r_valid_q && !y_valid_q;
  assign r_reserved = uop_data_i[63:49] != 15'd0;

  always_ff @(posedge clk_i) begin
    if (!y_valid_q && r_valid_q && !x_load) begin
      y_last_q <= r_last_q;
      y_first_q <= uop_data_i[48];
      y_reserved_q <= r_reserved;
      y_dst_q <= uop_data_i[15:0] + r_dst_off_q;
      y_src_q <= uop_data_i[31:16] + r_src_off_q;
      y_par_q <= uop_data_i[47:32] + r_par_off_q;
      y_index_q <= r_index_q;
      y_ctl_q <= r_ctl_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (x_load && y_valid_q) begin
      x_last_q <= y_last_q;
      x_first_q <= y_first_q;
      x_reserved_q <= y_reserved_q;
      x_dst_q <= y_dst_q;
      x_src_q <= y_src_q;
      x_par_q <= y_par_q;
      x_index_q <= y_index_q;
      x_ctl_q <= y_ctl_q;
    end else if (x_load && r_valid_q) begin
      x_last_q <= r_last_q;
      x_first_q <= uop_data_i[48];
      x_reserved_q <= r_reserved;
      x_dst_q <= uop_data_i[15:0] + r_dst_off_q;
      x_src_q <= uop_data_i[31:16] + r_src_off_q;
      x_par_q <= uop_data_i[47:32] + r_par_off_q;
      x_index_q <= r_index_q;
      x_ctl_q <= r_ctl_q;
    end
  end

  // X: what the unit and the guard answer comes late in the cycle and goes to registers only.
  assign x_ask_o = x_ask_q;
  assign x_fire_o = x_ask_q && !x_range_i && x_grant_i;
  assign x_fault = x_valid_q && !stop_q && (x_reserved_q || x_range_i);
  assign x_load = !x_valid_q || x_fire_o;
  assign x_first_o = x_first_q;
  assign x_dst_o = x_dst_q;
  assign x_src_o = x_src_q;
  assign x_par_o = x_par_q;
  assign x_last_o = x_last_q;
  assign x_ctl_o = x_ctl_q;

  assign stop_d = faulted_q || halt_i || x_fault;

  always_ff @(posedge clk_i) begin
    if (x_load) x_ask_q <= y_valid_q ? !y_reserved_q : r_valid_q && !r_reserved;
    if (stop_d) x_ask_q <= 1'b0;
    if (f_valid || r_valid_q || x_valid_q) begin
      if (x_load) x_valid_q <= y_valid_q || r_valid_q;
      if (x_load) y_valid_q <= 1'b0;
      else if (r_valid_q) y_valid_q <= 1'b1;
      if (f_step) r_valid_q <= 1'b1;
      else if (r_move) r_valid_q <= 1'b0;
    end
    if (x_fault) begin
      faulted_q <= 1'b1;
      fault_code_q <= x_reserved_q ? tsr_isa_pkg::FaultIllegalUop : tsr_isa_pkg::FaultUopRange;
    end
    stop_q <= stop_d;
    fault_q <= x_fault;
    if (!rst_ni || flush_i) begin
      r_valid_q <= 1'b0;
      y_valid_q <= 1'b0;
      x_valid_q <= 1'b0;
      x_ask_q <= 1'b0;
      faulted_q <= 1'b0;
      stop_q <= halt_i;
      fault_q <= 1'b0;
    end
  end

  assign busy_o = x_fire_o;
  assign stall_bank_o = x_ask_q && !x_range_i && !x_grant_i;
  assign stall_token_o = !x_valid_q && !r_valid_q && !f_valid && !stop_q && insn_valid_i && !tokens_there;
  assign pending_o = (f_valid || r_valid_q || x_valid_q) && !stop_q;
  assign fault_o = fault_q;
  assign fault_code_o = fault_code_q;
  assign fault_index_o = x_index_q;

endmodule
