// SPDX-License-Identifier: Apache-2.0
//
// tsr_unit_counters - where one unit's cycles went.
//
//   busy_i, token_i, memory_i, bank_i --> first that is set, else "queue" --> 5 counters --> data_o
//   insn_i ----------------------------------------------------------------> insns
//
// Rules
// 1. Every counted cycle falls in exactly one of busy, token, bank, memory, queue: the first one in this order.
// 2. data_o is valid in the cycle after read_i.

module tsr_unit_counters #(
    parameter int unsigned CountW = 48
) (
    input  logic        clk_i,
    input  logic        clear_i,
    input  logic        count_i,
    input  logic        busy_i,
    input  logic        token_i,
    input  logic        bank_i,
    input  logic        memory_i,
    input  logic        insn_i,
    input  logic        read_i,
    input  logic [2:0]  which_i,
    output logic [63:0] data_o
);
  logic [CountW-1:0] busy_q, token_q, memory_q, queue_q, bank_q, insn_q, data_q;

  assign data_o = 64'(data_q);

  // Read, counted, cleared: in this order Verilator needs no second copies (hw/rtl/README.md).
  always_ff @(posedge clk_i) begin
    if (read_i) begin
      case (which_i)
        3'(tsr_isa_pkg::UnitCounterBusy):        data_q <= busy_q;
        3'(tsr_isa_pkg::UnitCounterStallToken):  data_q <= token_q;
        3'(tsr_isa_pkg::UnitCounterStallMemory): data_q <= memory_q;
        3'(tsr_isa_pkg::UnitCounterStallQueue):  data_q <= queue_q;
        3'(tsr_isa_pkg::UnitCounterStallBank):   data_q <= bank_q;
        3'(tsr_isa_pkg::UnitCounterInsns):       data_q <= insn_q;
        default:                                 data_q <= '0;
      endcase
    end
    if (count_i) begin
      if (busy_i)        busy_q   <= busy_q + CountW'(1);
      else if (token_i)  token_q  <= token_q + CountW'(1);
      else if (bank_i)   bank_q   <= bank_q + CountW'(1);
      else if (memory_i) memory_q <= memory_q + CountW'(1);
      else               queue_q  <= queue_q + CountW'(1);
      if (insn_i) insn_q <= insn_q + CountW'(1);
    end
    if (clear_i) begin
      busy_q   <= '0;
      token_q  <= '0;
      memory_q <= '0;
      queue_q  <= '0;
      bank_q   <= '0;
      insn_q   <= '0;
    end
  end
endmodule
