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

  // Bit 4 * consumer + producer.
  logic [15:0]  give, take, avail_q;
  logic [127:0] count_q;
  logic         any;

  assign any = (give_load_i | give_gemm_i | give_alu_i | give_store_i |
                take_load_i | take_gemm_i | take_alu_i | take_store_i) != 4'd0;

  // Tokens move in few cycles: in the others nothing here changes.
  always_comb begin
    give = 16'd0;
    take = 16'd0;
    if (any) begin
      take = {take_store_i, take_alu_i, take_gemm_i, take_load_i};
      for (int c = 0; c < 4; c++) give[4*c +: 4] = {give_store_i[c], give_alu_i[c], give_gemm_i[c], give_load_i[c]};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      count_q <= 128'd0;
      avail_q <= 16'd0;
    end else if (any) begin
      for (int n = 0; n < 16; n++) begin
        if (n / 4 != n % 4 && give[n] != take[n]) begin
          count_q[8*n +: 8] <= give[n] ? count_q[8*n +: 8] + 8'd1 : count_q[8*n +: 8] - 8'd1;
          avail_q[n] <= give[n] || count_q[8*n +: 8] != 8'd1;
        end
      end
    end
  end

  assign {avail_store_o, avail_alu_o, avail_gemm_o, avail_load_o} = avail_q;

endmodule
