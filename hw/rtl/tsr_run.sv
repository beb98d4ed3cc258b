// SPDX-License-Identifier: Apache-2.0
//
// tsr_run - the life of a run, and the one place where faults are collected.
//
//   reset --> Clear --> ClearWait --> Idle --start--> Run --finish, or fault and all quiet--> Drain --> Clear
//               ^            ^-- memories are zeroed   |                                        ^  (done_o)
//               +---- soft reset: from Idle, or through Drain without done -------------------- +
//
// Rules
// 1. core_rst_no resets everything but the control registers, fault and counters, during Clear and ClearWait: no state
//    passes from one run to the next.
// 2. From Drain to Idle no burst is begun (abort_o); Drain ends when nothing is in flight on the bus.
// 3. The fault with the lowest instruction index is kept. Instructions below it go on (limit_*), so it is the fault that
//    running one instruction after another would have met first. Quiet: for QuietCycles cycles nothing below it is left.
// 4. The fault stays readable until the next start or soft reset.
// 5. halt_o is there in the cycle after the first fault. The limit takes three: pairs, the lowest, what is kept. While a fault is
//    on its way, moving_o, no unit may begin an instruction.

module tsr_run (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        start_i,
    output logic        start_ack_o,
    input  logic        soft_reset_i,
    output logic        soft_busy_o,
    output logic        running_o,
    output logic        idle_o,
    output logic        done_o,

    output logic        core_rst_no,
    output logic        core_start_o,     // the cycle after start_ack_o
    output logic        abort_o,
    output logic        clear_o,
    input  logic        clear_busy_i,
    input  logic        bus_idle_i,
    input  logic        quiet_i,
    input  logic        finish_i,

    // Faults of LOAD, GEMM, ALU, STORE, dispatch.
    input  logic [4:0]   fault_valid_i,
    input  logic [39:0]  fault_code_i,
    input  logic [159:0] fault_index_i,
    output logic         halt_o,
    output logic         moving_o,
    output logic         limit_valid_o,
    output logic [31:0]  limit_index_o,
    output logic [10:0]  fault_o
);
  localparam int unsigned QuietCycles = 8;

  // The upper bit is abort_o, where a long path begins.
  typedef enum logic [2:0] {StIdle = 3'b000, StRun = 3'b001, StDrain = 3'b100, StClear = 3'b101, StClearWait = 3'b110} state_e;

  state_e      state_q;
  logic        soft_q, core_rst_nq;
  logic        fault_q, start_q;
  logic        halt_q;   // fault_q, or one is on its way: one register for all that wait for it
  logic [7:0]  code_q;
  logic [2:0]  unit_q;
  logic [31:0] index_q;
  logic [2:0]  quiet_q;

  // {unit, code, index} of faults on their way: LOAD or GEMM, ALU or STORE, dispatch; then the lowest of them.
  logic        taken, pairs_q, lowest_q;
  logic [2:0]  pair_valid_q;
  logic        use_second, use_third;
  logic [42:0] first_q, second_q, third_q, low, low_q;

  assign start_ack_o   = state_q == StIdle && start_i && !soft_reset_i && core_rst_nq;
  assign soft_busy_o   = soft_q;
  assign running_o     = state_q == StRun || (state_q == StDrain && !soft_q);
  assign idle_o        = state_q == StIdle;
  assign done_o        = state_q == StDrain && bus_idle_i && !soft_q && !soft_reset_i;
  assign core_rst_no   = core_rst_nq;
  assign core_start_o  = start_q;
  assign abort_o       = state_q[2];
  assign clear_o       = state_q == StClear;
  assign limit_valid_o = fault_q;
  assign limit_index_o = index_q;
  assign fault_o       = {unit_q, code_q};

  assign halt_o   = halt_q;
  assign moving_o = pairs_q || lowest_q;
  assign taken    = state_q == StRun && !soft_reset_i && fault_valid_i != 5'd0;

  always_comb begin
    low = first_q;
    if (pairs_q) begin
      use_second = !pair_valid_q[0] || (pair_valid_q[1] && second_q[31:0] < first_q[31:0]);
      use_third  = pair_valid_q[2] && (pair_valid_q[1:0] == 2'd0
          || (use_second ? third_q[31:0] < second_q[31:0] : third_q[31:0] < first_q[31:0]));
      if (use_third)       low = third_q;
      else if (use_second) low = second_q;
    end else begin
      use_second = 1'b0;
      use_third  = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (taken) begin
      pair_valid_q <= {fault_valid_i[4], |fault_valid_i[3:2], |fault_valid_i[1:0]};
      first_q      <= {3'd0, fault_code_i[7:0], fault_index_i[31:0]};
      if (!fault_valid_i[0] || (fault_valid_i[1] && fault_index_i[63:32] < fault_index_i[31:0]))
        first_q <= {3'd1, fault_code_i[15:8], fault_index_i[63:32]};
      second_q     <= {3'd2, fault_code_i[23:16], fault_index_i[95:64]};
      if (!fault_valid_i[2] || (fault_valid_i[3] && fault_index_i[127:96] < fault_index_i[95:64]))
        second_q <= {3'd3, fault_code_i[31:24], fault_index_i[127:96]};
      third_q      <= {3'd4, fault_code_i[39:32], fault_index_i[159:128]};
    end
    if (pairs_q) low_q <= low;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_ack_o || soft_reset_i) begin
      halt_q   <= 1'b0;
      pairs_q  <= 1'b0;
      lowest_q <= 1'b0;
      fault_q  <= 1'b0;
      code_q   <= '0;
      unit_q   <= '0;
      index_q  <= '0;
    end else if (taken || halt_q) begin
      halt_q   <= 1'b1;
      pairs_q  <= taken;
      lowest_q <= pairs_q;
      if (lowest_q && (!fault_q || low_q[31:0] < index_q)) begin
        fault_q <= 1'b1;
        {unit_q, code_q, index_q} <= low_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= StClear;
      soft_q      <= 1'b0;
      core_rst_nq <= 1'b0;
      start_q     <= 1'b0;
      quiet_q     <= '0;
    end else begin
      start_q     <= start_ack_o;
      core_rst_nq <= state_q == StIdle || state_q == StRun || state_q == StDrain;
      quiet_q     <= 3'd0;
      if (fault_q) begin
        if (state_q == StRun && quiet_i) quiet_q <= quiet_q + 3'd1;
      end
      if (soft_reset_i) soft_q <= 1'b1;
      case (state_q)
        StClear: state_q <= StClearWait;

        StClearWait: begin
          if (!clear_busy_i) begin
            state_q <= StIdle;
            soft_q  <= 1'b0;
          end
        end

        StIdle: begin
          if (soft_reset_i) state_q <= StDrain;
          else if (start_ack_o) state_q <= StRun;
        end

        StRun: begin
          if (soft_reset_i || finish_i || (fault_q && quiet_q == 3'(QuietCycles - 1))) state_q <= StDrain;
        end

        default: if (bus_idle_i) state_q <= StClear;
      endcase
    end
  end
endmodule
