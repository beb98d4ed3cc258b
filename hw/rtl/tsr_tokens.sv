// SPDX-License-Identifier: Apache-2.0
// The twelve token counters that order the four units.
//
//                        +------------------------------+
//     give_<unit>_i ---> | count[producer -> consumer]  | -> avail_<unit>_o (bit p: a token from unit p is there)
//     take_<unit>_i ---> | 8 bits, 0 at start           |
//                        +------------------------------+
//
// Latency: a token given in one cycle is available in the next. Units are numbered LOAD 0, GEMM 1, ALU 2, STORE 3.
//
// 1. give_<p>_i[c] adds one to counter p -> c; take_<c>_i[p] removes one from it; both in one cycle leave it as it was.
// 2. avail_<c>_o[p] says that counter p -> c is not 0. A unit takes only what is available.
// 3. No counter passes 255: dispatch refuses programs that would in program order, and holds back an instruction whose
//    tokens might while takers lag behind it (tsr_dispatch, rule 4).
// 4. A unit has no counter with itself: those bits read 0 and are ignored.
module tsr_tokens (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       clear_i,

  input  logic [3:0] take_load_i,
  input  logic [3:0] take_gemm_i,
  input  logic [3:0] take_alu_i,
  input  logic [3:0] take_store_i,

  input  logic [3:0] give_load_i,
  input  logic [3:0] give_gemm_i,
  input  logic [3:0] give_alu_i,
  input  logic [3:0] give_store_i,

  output logic [3:0] avail_load_o,
  output logic [3:0] avail_gemm_o,
  output logic [3:0] avail_alu_o,
  output logic [3:0] avail_store_o
);

  // Bit 4 * producer + consumer.
  logic [15:0] give, take, avail;

  always_comb begin
    give = {give_store_i, give_alu_i, give_gemm_i, give_load_i};
    for (int p = 0; p < 4; p++) begin
      take[4*p+0] = take_load_i[p];
      take[4*p+1] = take_gemm_i[p];
      take[4*p+2] = take_alu_i[p];
      take[4*p+3] = take_store_i[p];
      avail_load_o[p] = avail[4*p+0];
      avail_gemm_o[p] = avail[4*p+1];
      avail_alu_o[p] = avail[4*p+2];
      avail_store_o[p] = avail[4*p+3];
    end
  end

  for (genvar n = 0; n < 16; n++) begin : g_pair
    if (n / 4 != n % 4) begin : g_counter
      logic [7:0] count_q;

      assign avail[n] = count_q != 8'd0;

      always_ff @(posedge clk_i) begin
        if (!rst_ni || clear_i) count_q <= 8'd0;
        else if (give[n] != take[n]) count_q <= give[n] ? count_q + 8'd1 : count_q - 8'd1;
      end
    end else begin : g_self
      logic unused_self;
      assign unused_self = give[n] ^ take[n];
      assign avail[n] = 1'b0;
    end
  end

endmodule
