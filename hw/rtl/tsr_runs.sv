// SPDX-License-Identifier: Apache-2.0
//
// tsr_runs - the runs of an access of LOAD or STORE in a buffer, one bus word a cycle.
//
//               +--------------------------------------------------+
//  take_i     ->|  row_q, step_q  where the next row begins, and   |-> valid_o
//  address_i, ->|                 the next run in this one         |-> word_o, offset_o, length_o, last_run_o
//  ..           |  x_q, y_q       steps left, this one included    |-> last_x_o, last_y_o, x_left_o, y_left_o
//               +--------------------------------------------------+<- ready_i
//
// Rules
// 1. The access begins with take_i, while nothing of the one before is left: y_steps_i rows of x_steps_i runs of run_i bytes, at
//    least one of each. Row y begins y * y_stride_i behind address_i, run x of it another x * x_stride_i behind that.
// 2. Runs come row by row, each cut at the multiples of BusBytes: length_o bytes, offset_o behind where bus word word_o begins.
//    last_run_o is with the last ones of a run, last_x_o with those of a row's last run, last_y_o with those of the last row.
// 3. With diag_i address and strides count source bytes: they are divided by 2^DiagShift.
// 4. What is given is stable until taken, and the next follows in the cycle after.

module tsr_runs #(
    parameter int unsigned StepW = 16,
    parameter int unsigned DiagShift = 0,             // 0: diag_i is not looked at
    parameter int unsigned OffW = $clog2(tsr_cfg_pkg::BusBytes),
    parameter int unsigned LenW = OffW + 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             take_i,
    input  logic             diag_i,
    input  logic [21:0]      address_i,
    input  logic [15:0]      run_i,
    input  logic [15:0]      x_stride_i,
    input  logic [15:0]      y_stride_i,
    input  logic [StepW-1:0] x_steps_i,
    input  logic [StepW-1:0] y_steps_i,
    input  logic             single_i,                // x_steps_i is 1
    output logic             valid_o,
    output logic [21:OffW]   word_o,
    output logic [OffW-1:0]  offset_o,
    output logic [LenW-1:0]  length_o,
    output logic             last_run_o,
    output logic             last_x_o,
    output logic             last_y_o,
    output logic [StepW-1:0] x_left_o,
    output logic [StepW-1:0] y_left_o,
    input  logic             ready_i
);
  logic             diag, free, last_x_q, single_q;   // single_q: rows have one run only
  logic [15:0]      x_stride, y_stride, length_q, x_stride_q, y_stride_q;
  logic [21:0]      first, next, row_q, step_q;
  logic [21:OffW]   word_q;
  logic [OffW-1:0]  begin_at;
  logic [StepW-1:0] x_q, y_q, x_steps_q;

  assign diag       = DiagShift != 0 && diag_i;
  assign first      = diag ? address_i >> DiagShift : address_i;
  assign x_stride   = diag ? x_stride_i >> DiagShift : x_stride_i;
  assign y_stride   = diag ? y_stride_i >> DiagShift : y_stride_i;
  assign next       = last_x_q ? row_q : step_q;
  assign word_o     = word_q;
  assign last_x_o   = last_x_q;
  assign last_y_o   = y_q == StepW'(1);
  assign x_left_o   = x_q;
  assign y_left_o   = y_q;

  tsr_run_offset #(
      .OffW(OffW)
  ) u_offset (
      .run_i   (valid_o),
      .next_i  (next[OffW-1:0]),
      .diag_i  (diag),
      .plain_i (address_i[OffW-1:0]),
      .spread_i(address_i[DiagShift+OffW-1:DiagShift]),
      .offset_o(begin_at)
  );

  tsr_chunks #(
      .Size  (tsr_cfg_pkg::BusBytes),
      .CountW(16)
  ) u_words (
      .clk_i,
      .rst_ni,
      .run_valid_i (valid_o ? !(last_x_o && last_y_o) : take_i),
      .run_offset_i(begin_at),
      .run_count_i (valid_o ? length_q : run_i),
      .run_ready_o (free),
      .valid_o,
      .offset_o,
      .length_o,
      .last_o      (last_run_o),
      .ready_i
  );

  always_ff @(posedge clk_i) begin
    if (valid_o && ready_i) begin
      if (!last_run_o) begin
        word_q <= word_q + (22-OffW)'(1);
      end else begin
        word_q <= next[21:OffW];
        step_q <= next + 22'(x_stride_q);
        if (!last_x_q) begin
          last_x_q <= x_q == StepW'(2);
          x_q      <= x_q - StepW'(1);
        end else begin
          last_x_q <= single_q;
          x_q      <= x_steps_q;
          y_q      <= y_q - StepW'(1);
          row_q    <= row_q + 22'(y_stride_q);
        end
      end
    end
    if (take_i) begin
      length_q   <= run_i;
      x_stride_q <= x_stride;
      y_stride_q <= y_stride;
      row_q      <= first + 22'(y_stride);
      step_q     <= first + 22'(x_stride);
      word_q     <= first[21:OffW];
      x_q        <= x_steps_i;
      x_steps_q  <= x_steps_i;
      y_q        <= y_steps_i;
      last_x_q   <= single_i;
      single_q   <= single_i;
    end
  end

  logic unused_bits;
  assign unused_bits = ^{free, diag_i};
endmodule
