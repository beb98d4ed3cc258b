// SPDX-License-Identifier: Apache-2.0
//
// tsr_realign_enough - whether a word of length_i bytes can leave a byte queue that holds fill_i.
//
// length_i is at most BusBytes. A module of its own, since whether a word leaves decides on much behind it: Yosys, which counts
// levels of logic in a module, would take as many for this as tsr_realign needs to turn a word.

module tsr_realign_enough #(
    parameter int unsigned OffW = 3,
    parameter int unsigned FillW = OffW + 3
) (
    input  logic [FillW-1:0] fill_i,
    input  logic [OffW:0]    length_i,
    output logic             enough_o
);
  assign enough_o = fill_i[FillW-1:OffW] != '0 || {1'b0, fill_i[OffW-1:0]} >= length_i;
endmodule
