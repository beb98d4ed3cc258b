// SPDX-License-Identifier: Apache-2.0
// Rules of tsr_realign. One byte, picked by the solver, is followed from the word it came in to the word it leaves in.
  logic fv_up_q = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) fv_up_q <= 1'b1;

  localparam int unsigned FvW = FillW + 1;
  (* anyseq *) logic fv_pick;
  (* anyseq *) logic [OffW-1:0] fv_which;             // byte of the word, counted from in_offset_i
  logic            fv_in_q;
  logic [FvW-1:0]  fv_count_q, fv_ahead_q;            // bytes inside; in front of the picked one
  logic            fv_young_q;                        // bytes came in the last cycle
  logic [7:0]      fv_byte_q;
  logic            fv_push, fv_take;
  logic [FvW-1:0]  fv_out;                            // bytes leaving
  logic [OffW-1:0] fv_lane;                           // where the picked byte leaves
  assign fv_push = in_valid_i && in_ready_o;
  assign fv_take = out_valid_o && out_ready_i;
  assign fv_out  = fv_take ? FvW'(out_length_i) : '0;
  assign fv_lane = out_offset_i + OffW'(fv_ahead_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_count_q <= '0;
      fv_young_q <= 1'b0;
      fv_in_q    <= 1'b0;
    end else begin
      fv_young_q <= fv_push;
      fv_count_q <= fv_count_q + (fv_push ? FvW'(in_length_i) : '0) - fv_out;
      if (!fv_in_q) begin
        if (fv_push && fv_pick && LenW'(fv_which) < in_length_i) begin
          fv_in_q    <= 1'b1;
          fv_ahead_q <= fv_count_q - fv_out + FvW'(fv_which);
          fv_byte_q  <= in_data_i[8*(32'(in_offset_i)+32'(fv_which))+:8];
        end
      end else begin
        fv_in_q    <= fv_ahead_q >= fv_out;
        fv_ahead_q <= fv_ahead_q - fv_out;
      end
    end
  end

  logic [PtrW-1:0] fv_end, fv_at;                      // where the next byte goes; where the picked one is
  assign fv_end = rd_q + PtrW'(fill_q);
  logic [4*Bits-1:0] fv_queue;
  assign fv_queue = {queue_q[3], queue_q[2], queue_q[1], queue_q[0]};
  assign fv_at = rd_q + PtrW'(fv_ahead_q);

  always_comb if (fv_up_q) begin
    if (in_valid_i) ALIGN_A1: `FV_ENV (in_length_i != 0 && 32'(in_offset_i) + 32'(in_length_i) <= BusBytes);
    if (out_ready_i) ALIGN_A2: `FV_ENV (out_length_i != 0 && 32'(out_offset_i) + 32'(out_length_i) <= BusBytes);

    if (fv_take) ALIGN_1: assert (fv_count_q >= FvW'(out_length_i));
    if (fv_take && fv_in_q && fv_ahead_q < FvW'(out_length_i)) begin
      ALIGN_2: assert (out_data_o[8*fv_lane+:8] == fv_byte_q && out_strb_o[fv_lane]);
    end
    if (fv_count_q >= FvW'(out_length_i) && out_ready_i) ALIGN_4: assert (out_valid_o);
    if (32'(fv_count_q) + BusBytes <= 4 * BusBytes) ALIGN_5: assert (in_ready_o);

    inv_count: assert (fv_count_q == FvW'(fill_q) && 32'(fill_q) <= 4 * BusBytes);
    inv_pointers: assert (wr_q == fv_end);
    if (fv_in_q) inv_ahead: assert (fv_ahead_q < fv_count_q);
    if (fv_in_q) inv_queued: assert (fv_queue[8*32'(fv_at)+:8] == fv_byte_q);
  end

  // The strobes, byte by byte.
  logic [BusBytes-1:0] fv_strobe;
  always_comb for (int n = 0; n < BusBytes; n++) begin
    fv_strobe[n] = n >= 32'(out_offset_i) && n < 32'(out_offset_i) + 32'(out_length_i);
  end
  always_comb if (fv_up_q && 32'(out_offset_i) + 32'(out_length_i) <= BusBytes) ALIGN_3: assert (out_strb_o == fv_strobe);

  logic fv_full_q = 1'b0;
  always_ff @(posedge clk_i) if (fv_up_q && !in_ready_o) fv_full_q <= 1'b1;
  always_comb if (fv_up_q && rst_ni) begin
    cover_ALIGN_1: cover (fv_full_q && fv_take && out_length_i == 3 && fv_count_q == 3);
    cover_ALIGN_2: cover (fv_full_q && fv_take && fv_in_q && fv_ahead_q == 1 && fv_lane == 3 && fv_byte_q == 8'h5a);
    cover_ALIGN_3: cover (fv_take && out_offset_i == 1 && out_length_i == 2);
    cover_ALIGN_4: cover (fv_full_q && fv_young_q && fv_take && fv_count_q == FvW'(out_length_i));
    cover_ALIGN_5: cover (fv_full_q && in_ready_o && 32'(fv_count_q) == 3 * BusBytes && fv_push && fv_take);
  end
