// SPDX-License-Identifier: Apache-2.0
//
// tsr_run_offset - where in its bus word the next run begins: the first one of the instruction at the queue's head, or the next one
// of the instruction at hand.
//
// A module of its own, so that behind the queue's memory there is one LUT a bit: what goes into it from the other side takes as
// long, but Yosys, which counts levels of logic in a module, cannot know that the memory is late.

module tsr_run_offset #(
    parameter int unsigned OffW = 3
) (
    input  logic            run_i,        // there is an instruction at hand
    input  logic [OffW-1:0] next_i,       // of its next run
    input  logic            diag_i,       // the instruction at the head is a diagonal load
    input  logic [OffW-1:0] plain_i,      // of its first run if it is not
    input  logic [OffW-1:0] spread_i,     // if it is
    output logic [OffW-1:0] offset_o
);
  assign offset_o = run_i ? next_i : diag_i ? spread_i : plain_i;
endmodule
