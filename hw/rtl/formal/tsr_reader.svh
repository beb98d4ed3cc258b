// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_reader: what is asked for has room.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  logic [FreeW-1:0] fv_due_q;                          // words asked for that have not come
  logic [FreeW:0]   fv_mine;                           // those, and those in the data FIFO
  (* hierconn *) wire [FreeW-1:0] \u_data.fv_count_q ;
  (* hierconn *) wire \u_data.fv_up ;
  assign fv_mine = (FreeW+1)'(fv_due_q) + (FreeW+1)'(\u_data.fv_count_q );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) fv_due_q <= '0;
    else fv_due_q <= fv_due_q + (request ? FreeW'(req_beats_o) : '0) - FreeW'(r_valid_i);
  end

  always_comb if (fv_up_q) begin
    if (r_valid_i) READER_A1: `FV_ENV (fv_due_q != '0);
    if (burst_valid) READER_A2: `FV_ENV (req_beats_o != 9'd0 && req_beats_o <= 9'(MaxBeats));

    READER_1: assert (32'(fv_mine) <= FifoWords);
    READER_2: assert (req_valid_o == (burst_valid && 32'(fv_mine) + MaxBeats <= FifoWords));

    inv_free: assert (32'(fv_mine) + 32'(free_q) == FifoWords);
    inv_room: assert (room_q == (free_q >= FreeW'(MaxBeats)));
  end
  always_comb inv_up: assert (\u_data.fv_up == fv_up_q);

  always_comb if (fv_up_q && rst_ni) begin
    cover_READER_1: cover (32'(fv_mine) == FifoWords);
    cover_READER_2: cover (request && free_q == FreeW'(MaxBeats) && req_beats_o == 9'(MaxBeats) && word_taken_o);
  end
