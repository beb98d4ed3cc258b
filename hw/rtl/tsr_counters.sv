// SPDX-License-Identifier: Apache-2.0
//
// tsr_counters - what happened between start and done.
//
//   events --> registers --+--> general counters (index 0..7) --+
//                          +--> tsr_unit_counters x 4 ----------+--> data_o (by index)
//
// Rules
// 1. Cleared at start, counting while count_i, then kept until the next start. A clock is in the counters two clocks later.
// 2. Counters are CountW bits, read as 64: 48 bits of bytes at 8 GB/s last ten hours of one single run.
// 3. data_o is valid in the cycle after read_i. A counter that still counts may carry between the reads of its two halves.

module tsr_counters #(
    parameter int unsigned CountW = 48
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        start_i,
    input  logic        count_i,
    input  logic [7:0]  bytes_read_i,
    input  logic [7:0]  bytes_written_i,
    input  logic        gemm_uop_i,
    input  logic        alu_uop_i,
    input  logic        finish_i,
    input  logic [3:0]  done_i,       // by unit, as all below
    input  logic [3:0]  busy_i,
    input  logic [3:0]  token_i,
    input  logic [3:0]  bank_i,
    input  logic [3:0]  memory_i,
    input  logic        read_i,
    input  logic [5:0]  index_i,
    output logic [63:0] data_o
);
  logic              clear;
  logic [CountW-1:0] cycles_q, insns_q, read_q, written_q, gemm_q, alu_q, general_q;
  logic [2:0]        group_q;
  logic              count_q, gemm_uop_q, alu_uop_q;
  logic [7:0]        bytes_read_q, bytes_written_q;
  logic [3:0]        done_q, busy_q, token_q, bank_q, memory_q;
  logic [2:0]        completed_q;
  logic [255:0]      unit_data;

  assign clear = start_i || !rst_ni;

  // Events come late in their clock.
  always_ff @(posedge clk_i) begin
    count_q         <= count_i && !clear;
    bytes_read_q    <= bytes_read_i;
    bytes_written_q <= bytes_written_i;
    gemm_uop_q      <= gemm_uop_i;
    alu_uop_q       <= alu_uop_i;
    done_q          <= done_i;
    completed_q     <= 3'(done_i[0]) + 3'(done_i[1]) + 3'(done_i[2]) + 3'(done_i[3]) + 3'(finish_i);
    busy_q          <= busy_i;
    token_q         <= token_i;
    bank_q          <= bank_i;
    memory_q        <= memory_i;
  end

  for (genvar u = 0; u < 4; u++) begin : g_unit
    tsr_unit_counters #(
        .CountW(CountW)
    ) u_counters (
        .clk_i,
        .clear_i (clear),
        .count_i (count_q),
        .busy_i  (busy_q[u]),
        .token_i (token_q[u]),
        .bank_i  (bank_q[u]),
        .memory_i(memory_q[u]),
        .insn_i  (done_q[u]),
        .read_i  (read_i),
        .which_i (index_i[2:0]),
        .data_o  (unit_data[64*u+:64])
    );
  end

  // Read, counted, cleared: as in tsr_unit_counters.
  always_ff @(posedge clk_i) begin
    if (read_i) begin
      group_q <= index_i[5:3];
      case (index_i[2:0])
        3'(tsr_isa_pkg::CounterCycles):       general_q <= cycles_q;
        3'(tsr_isa_pkg::CounterInsns):        general_q <= insns_q;
        3'(tsr_isa_pkg::CounterBytesRead):    general_q <= read_q;
        3'(tsr_isa_pkg::CounterBytesWritten): general_q <= written_q;
        3'(tsr_isa_pkg::CounterGemmUops):     general_q <= gemm_q;
        3'(tsr_isa_pkg::CounterAluUops):      general_q <= alu_q;
        default:                              general_q <= '0;
      endcase
    end
    if (count_q) begin
      cycles_q <= cycles_q + CountW'(1);
      if (completed_q != 3'd0)     insns_q   <= insns_q + CountW'(completed_q);
      if (bytes_read_q != 8'd0)    read_q    <= read_q + CountW'(bytes_read_q);
      if (bytes_written_q != 8'd0) written_q <= written_q + CountW'(bytes_written_q);
      if (gemm_uop_q)              gemm_q    <= gemm_q + CountW'(1);
      if (alu_uop_q)               alu_q     <= alu_q + CountW'(1);
    end
    if (clear) begin
      cycles_q  <= '0;
      insns_q   <= '0;
      read_q    <= '0;
      written_q <= '0;
      gemm_q    <= '0;
      alu_q     <= '0;
    end
  end

  always_comb begin
    case (group_q)
      3'd0:    data_o = 64'(general_q);
      3'd1:    data_o = unit_data[63:0];
      3'd2:    data_o = unit_data[127:64];
      3'd3:    data_o = unit_data[191:128];
      default: data_o = unit_data[255:192];
    endcase
  end
endmodule
