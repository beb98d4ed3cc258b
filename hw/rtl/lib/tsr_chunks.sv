// SPDX-License-Identifier: Apache-2.0
//
// tsr_chunks - cuts a run of units at every multiple of Size: bytes into pieces of bus words, bus words into bursts.
//
//                  +--------------------------------------------------+
//  run_valid_i   ->|  offset_q, length_q   of this chunk              |-> valid_o
//  run_offset_i  ->|  last_q               it is the run's last one   |-> offset_o, length_o, last_o
//  run_count_i   ->|  rest_q               units of the run behind it  |
//  run_ready_o   <-|                                                  |<- ready_i
//                  +--------------------------------------------------+
//
// Rules
// 1. A run is run_count_i >= 1 units, the first of them run_offset_i behind a multiple of Size. Its chunks cover it in order, each
//    unit once, and none reaches over a multiple of Size: the first one ends there, all but the last one fill what they are in.
// 2. What a chunk is like is in registers, so that long paths may begin here. One chunk every cycle, also across runs.
// 3. A chunk is stable until taken. Size is a power of two, at least 2.

module tsr_chunks #(
    parameter int unsigned Size = 8,
    parameter int unsigned CountW = 32,
    parameter int unsigned OffW = $clog2(Size)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              run_valid_i,
    input  logic [OffW-1:0]   run_offset_i,
    input  logic [CountW-1:0] run_count_i,
    output logic              run_ready_o,
    output logic              valid_o,
    output logic [OffW-1:0]   offset_o,
    output logic [OffW:0]     length_o,
    output logic              last_o,
    input  logic              ready_i
);
  localparam int unsigned LenW = OffW + 1;

  logic              valid_q, last_q;
  logic [OffW-1:0]   offset_q;
  logic [LenW-1:0]   length_q;
  logic [CountW-1:0] rest_q;        // of no meaning in the last chunk
  logic              run_fits, rest_fits;   // in a single chunk

  assign valid_o     = valid_q;
  assign offset_o    = offset_q;
  assign length_o    = length_q;
  assign last_o      = last_q;
  assign run_ready_o = !valid_q || (ready_i && last_q);

  always_ff @(posedge clk_i) begin
    if (run_ready_o) valid_q <= run_valid_i;
    if (!rst_ni)     valid_q <= 1'b0;
  end

  always_comb begin
    run_fits  = 1'bx;
    rest_fits = 1'bx;
    if (!run_ready_o) begin
      rest_fits = rest_q[CountW-1:LenW] == '0 && rest_q[LenW-1:0] <= LenW'(Size);
    end else if (run_valid_i) begin
      run_fits = run_count_i[CountW-1:LenW] == '0
          && (LenW+1)'(run_count_i[LenW-1:0]) + (LenW+1)'(run_offset_i) <= (LenW+1)'(Size);
    end
  end

  // What a chunk is like means something only while there is one.
  always_ff @(posedge clk_i) begin
    if (!run_ready_o) begin
      if (ready_i) begin
        length_q <= rest_fits ? rest_q[LenW-1:0] : LenW'(Size);
        rest_q   <= rest_q - CountW'(Size);
        offset_q <= '0;
        last_q   <= rest_fits;
      end
    end else if (run_valid_i) begin
      last_q   <= run_fits;
      offset_q <= run_offset_i;
      length_q <= run_fits ? run_count_i[LenW-1:0] : LenW'(Size) - LenW'(run_offset_i);
      rest_q   <= run_count_i + {{(CountW-OffW){1'b1}}, run_offset_i};   // + offset - Size
    end
  end
endmodule
