// SPDX-License-Identifier: Apache-2.0
//
// tsr_dispatch - checks every instruction in program order and hands it to its unit's queue.
//
//   insn_* (fetch) --> insn_q --> fields, products --> sums --> ranges --> decide --> push_o[unit], item
//                        |                                                   |
//                        |        token_q: 12 balances in program order
//                        +--> FINISH waits until pending_i is all 0 ---------+--> finish_o, fault_o
//
// Cycles for an instruction: LOAD and STORE 5 (Fetch Fields Sums Ranges Decide), GEMM and ALU 3 (Fetch Fields Decide).
//
// Rules
// 1. Order of the checks: stream (BUS_READ of the instruction, MISSING_FINISH), opcode, fields, SRAM range, DRAM range, tokens.
// 2. A faulting instruction is not queued and nothing after it is; fault_o pulses once.
// 3. span and row_span are by-products of the DRAM range check; with merge_x a row, with merge_all the whole access is one
//    contiguous region of that many bytes.
// 4. A token balance plus the consumer's unfinished instructions never exceeds 255 (the giver waits here), so that the 8-bit
//    counters at the units cannot wrap although they lag behind program order. What is unfinished is looked at a cycle earlier,
//    when it may be more but never less.

module tsr_dispatch #(
    parameter int unsigned PendW = 6
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic          start_i,
    input  logic          halt_i,
    input  logic [31:0]   insn_offset_i,
    input  logic [31:0]   insn_count_i,
    input  logic [127:0]  seg_size_i,

    output logic          fetch_start_o,
    input  logic          insn_valid_i,
    input  logic [255:0]  insn_i,
    input  logic          insn_error_i,
    output logic          insn_ready_o,

    output logic [3:0]    push_o,
    output logic [255:0]  insn_o,
    output logic [31:0]   index_o,
    output logic [31:0]   span_o,
    output logic [31:0]   row_span_o,
    output logic          merge_x_o,
    output logic          merge_all_o,
    input  logic [3:0]    queue_ready_i,
    input  logic [4*PendW-1:0] pending_i,   // unfinished instructions of each unit

    output logic          finish_o,
    output logic          fault_o,
    output logic [7:0]    fault_code_o,
    output logic [31:0]   fault_index_o
);
  localparam int unsigned Batch    = tsr_cfg_pkg::Batch;
  localparam int unsigned BlockIn  = tsr_cfg_pkg::BlockIn;
  localparam int unsigned BlockOut = tsr_cfg_pkg::BlockOut;
  localparam int unsigned WgtEntry = BlockIn * BlockOut;
  localparam int unsigned InpPlane = tsr_cfg_pkg::InpBytes / Batch;
  localparam int unsigned OutPlane = tsr_cfg_pkg::OutBytes / Batch;
  localparam bit          Square   = BlockIn == BlockOut;

  typedef enum logic [3:0] {
    StIdle, StStream, StFetch, StFields, StSums, StRanges, StDecide, StFinish, StStop
  } state_e;

  // Sum of the base-4 digits, which is a multiple of 3 when the value is.
  function automatic logic [5:0] digits(input logic [21:0] value);
    digits = 6'd0;
    for (int i = 0; i < 11; i++) digits = digits + 6'(value[2*i+:2]);
  endfunction

  function automatic logic multiple_of_3(input logic [5:0] sum);
    logic [3:0] fold;
    fold = 4'(sum[1:0]) + 4'(sum[3:2]) + 4'(sum[5:4]);
    multiple_of_3 = fold == 4'd0 || fold == 4'd3 || fold == 4'd6 || fold == 4'd9;
  endfunction

  // Multiple of the buffer's entry size; parameter entries are 3 * 2^n bytes, of which the 3 is looked at a cycle later.
  function automatic logic multiple_of_entry(input logic [21:0] value, input logic [2:0] buffer);
    case (buffer)
      tsr_isa_pkg::BufWgt: multiple_of_entry = (value & 22'(WgtEntry - 1)) == 22'd0;
      tsr_isa_pkg::BufUop: multiple_of_entry = value[2:0] == 3'd0;
      tsr_isa_pkg::BufPar: multiple_of_entry = (value & 22'(4 * BlockOut - 1)) == 22'd0;
      default:             multiple_of_entry = 1'b1;
    endcase
  endfunction

  state_e       state_q;
  logic [255:0] insn_q;
  logic [31:0]  index_q;
  logic         error_q, illegal_q, opcode_ok_q, sram_bad_q, dram_bad_q, underflow_q, overflow_q;

  // What the range checks need, for LOAD and STORE alike (their fields share positions).
  tsr_isa_pkg::load_t  ld;
  tsr_isa_pkg::store_t st;
  tsr_isa_pkg::gemm_t  gm;
  tsr_isa_pkg::alu_t   al;
  logic         is_load, is_store;
  logic [1:0]   unit_q;
  logic [22:0]  sram_size;
  logic [16:0]  rows_q, columns_q;                        // operands: steps, that is loops less 1
  logic [15:0]  row_stride_q, column_stride_q, x_steps_q, y_steps_q;
  logic [23:0]  x_stride_q;
  logic [31:0]  y_stride_q;
  logic [32:0]  row_prod_q, column_prod_q, sram_base_q;   // SRAM
  logic [34:0]  sram_end_q;
  logic [39:0]  x_prod_q;                                 // DRAM
  logic [47:0]  y_prod_q;
  logic [40:0]  row_span_q;
  logic [48:0]  span_q;
  logic [32:0]  room_q;
  logic         moves_q, x_merges_q, y_once_q;
  logic [23:0]  digits_q;
  logic         merge_x_q, merge_all_q;

  assign ld        = insn_q;
  assign st        = insn_q;
  assign gm        = insn_q;
  assign al        = insn_q;
  assign is_load   = ld.opcode == tsr_isa_pkg::OpLoad;
  assign is_store  = ld.opcode == tsr_isa_pkg::OpStore;

  // What the products need is taken from the instruction as it comes, so that they begin at registers.
  tsr_isa_pkg::load_t in;
  logic               in_load;
  logic [1:0]         in_unit;

  assign in      = insn_i;
  assign in_load = in.opcode == tsr_isa_pkg::OpLoad;

  always_comb begin
    case (in.opcode)
      tsr_isa_pkg::OpGemm:  in_unit = tsr_isa_pkg::UnitGemm;
      tsr_isa_pkg::OpAlu:   in_unit = tsr_isa_pkg::UnitAlu;
      tsr_isa_pkg::OpStore: in_unit = tsr_isa_pkg::UnitStore;
      default:              in_unit = tsr_isa_pkg::UnitLoad;
    endcase
  end

  // Rules on the fields of the instruction in insn_q. A function, called in one state: a simulation computes none of it in others.
  function automatic logic illegal(input logic [7:0] opcode);
    logic pads, run_fits;
    illegal = 1'b0;
    case (opcode)
      tsr_isa_pkg::OpLoad: begin
        pads = (ld.x_before | ld.x_after | ld.y_before | ld.y_after) != 6'd0;
        run_fits = ld.diag ? (ld.run & 16'(BlockOut - 1)) == 16'd0 : multiple_of_entry(22'(ld.run), ld.buffer);
        illegal = ld.reserved_0 != 6'd0 || ld.reserved_1 != 2'd0
            || ld.wait_mask[tsr_isa_pkg::UnitLoad] || ld.signal_mask[tsr_isa_pkg::UnitLoad]
            || ld.buffer > tsr_isa_pkg::BufPar
            || (ld.buffer != tsr_isa_pkg::BufInp && (pads || ld.plane != 4'd0 || ld.pad_value != 8'd0))
            || 32'(ld.plane) >= Batch
            || (ld.diag && (ld.buffer != tsr_isa_pkg::BufWgt || !Square))
            || ld.run == 16'd0
            || (ld.x_count == 16'd0 && (ld.x_before | ld.x_after) == 6'd0)
            || (ld.y_count == 16'd0 && (ld.y_before | ld.y_after) == 6'd0)
            || !run_fits
            || !multiple_of_entry(ld.sram_addr, ld.buffer)
            || !multiple_of_entry(22'(ld.sram_x_stride), ld.buffer)
            || !multiple_of_entry(22'(ld.sram_y_stride), ld.buffer);
      end

      tsr_isa_pkg::OpStore:
        illegal = st.reserved_0 != 3'd0 || st.reserved_1 || st.reserved_2 != 6'd0
            || st.reserved_3 != 10'd0 || st.reserved_4 != 24'd0
            || st.wait_mask[tsr_isa_pkg::UnitStore] || st.signal_mask[tsr_isa_pkg::UnitStore]
            || 32'(st.plane) >= Batch
            || st.run == 16'd0 || st.x_count == 16'd0 || st.y_count == 16'd0;

      tsr_isa_pkg::OpGemm:
        illegal = gm.reserved_0 != 15'd0 || gm.reserved_1 != 64'd0
            || gm.wait_mask[tsr_isa_pkg::UnitGemm] || gm.signal_mask[tsr_isa_pkg::UnitGemm]
            || gm.uop_count == 16'd0 || gm.count0 == 16'd0 || gm.count1 == 16'd0;

      tsr_isa_pkg::OpAlu:
        illegal = al.reserved_0 != 7'd0 || al.reserved_1 != 16'd0
            || al.wait_mask[tsr_isa_pkg::UnitAlu] || al.signal_mask[tsr_isa_pkg::UnitAlu]
            || al.uop_count == 16'd0 || al.count0 == 16'd0 || al.count1 == 16'd0
            || al.op > tsr_isa_pkg::AluShr || al.src_kind > tsr_isa_pkg::SrcImm
            || (al.src_kind == tsr_isa_pkg::SrcInp && !Square)
            || (al.src_kind == tsr_isa_pkg::SrcImm && al.rescale)
            || (al.dst_kind == tsr_isa_pkg::DstOut && al.op != tsr_isa_pkg::AluMov);

      default: ;
    endcase
  endfunction

  // Micro-ops reach behind the UOP buffer: n > UopEntries, a power of two, without a chain of carries behind the sum that n is.
  localparam int unsigned UopIdx = $clog2(tsr_cfg_pkg::UopBytes / 8);
  function automatic logic over(input logic [16:0] n);
    over = n >> UopIdx > 17'd1 || (n >> UopIdx == 17'd1 && (n & 17'((1 << UopIdx) - 1)) != 17'd0);
  endfunction

  logic limits_bad_q;   // of ALU's clamp: a comparison, which has a register of its own

  always_comb begin
    sram_size = 23'(InpPlane);
    if (state_q == StRanges) begin
      if (is_store) sram_size = 23'(OutPlane);
      else begin
        case (ld.buffer)
          tsr_isa_pkg::BufWgt: sram_size = 23'(tsr_cfg_pkg::WgtBytes);
          tsr_isa_pkg::BufUop: sram_size = 23'(tsr_cfg_pkg::UopBytes);
          tsr_isa_pkg::BufPar: sram_size = 23'(tsr_cfg_pkg::ParBytes);
          default:             sram_size = 23'(InpPlane);
        endcase
      end
    end
  end

  // Token balances in program order; balance n is that of producer n / 4 and consumer n % 4.
  logic [127:0] token_q;
  logic         underflow, overflow, crowded, crowded_q;

  // One more for each that the unit signals to, one less for each that it waits for; no unit does so with itself.
  function automatic logic [127:0] moved(input logic [127:0] token, input logic [1:0] unit, input logic [3:0] signal,
                                         input logic [3:0] wanted);
    moved = token;
    for (int p = 0; p < 4; p++) begin
      for (int c = 0; c < 4; c++) begin
        if (unit == 2'(p) && signal[c]) moved[8*(4*p+c)+:8] = token[8*(4*p+c)+:8] + 8'd1;
        else if (unit == 2'(c) && wanted[p]) moved[8*(4*p+c)+:8] = token[8*(4*p+c)+:8] - 8'd1;
      end
    end
  endfunction

  // The balances stay as they are until this instruction is pushed, what is pending goes down: not crowded is for good.
  always_comb begin
    underflow = 1'b0;
    overflow  = 1'b0;
    crowded   = 1'b0;
    if (state_q == StFields) begin
      for (int u = 0; u < 4; u++) begin
        if (ld.wait_mask[u] && token_q[8*(4*u+32'(unit_q))+:8] == 8'd0) underflow = 1'b1;
        if (ld.signal_mask[u] && token_q[8*(4*32'(unit_q)+u)+:8] == 8'd255) overflow = 1'b1;
      end
    end
    if (state_q == StFields || state_q == StRanges || (state_q == StDecide && crowded_q)) begin
      for (int u = 0; u < 4; u++) begin
        if (ld.signal_mask[u] && 10'(token_q[8*(4*32'(unit_q)+u)+:8]) + 10'(pending_i[PendW*u+:PendW]) >= 10'd255)
          crowded = 1'b1;
      end
    end
  end

  // Decide.
  logic [7:0] code;
  logic       push;

  always_comb begin
    if (state_q != StDecide) code = tsr_isa_pkg::FaultNone;
    else if (error_q)      code = tsr_isa_pkg::FaultBusRead;
    else if (!opcode_ok_q) code = tsr_isa_pkg::FaultIllegalOpcode;
    else if (illegal_q || limits_bad_q) code = tsr_isa_pkg::FaultIllegalField;
    else if (sram_bad_q)   code = tsr_isa_pkg::FaultSramRange;
    else if (dram_bad_q)   code = tsr_isa_pkg::FaultDramRange;
    else if (underflow_q)  code = tsr_isa_pkg::FaultTokenUnderflow;
    else if (overflow_q)   code = tsr_isa_pkg::FaultTokenOverflow;
    else                   code = tsr_isa_pkg::FaultNone;
  end

  // Each unit's with a comparison: of push_o[unit_q] Yosys makes a shift by a negated number.
  always_comb begin
    push = 1'b0;
    push_o = 4'd0;
    if (state_q == StDecide && !halt_i && code == tsr_isa_pkg::FaultNone && !crowded_q) begin
      for (int u = 0; u < 4; u++) push_o[u] = unit_q == 2'(u) && queue_ready_i[u];
      push = push_o != 4'd0;
    end
  end

  assign insn_o      = insn_q;
  assign index_o     = index_q;
  assign span_o      = span_q[31:0];
  assign row_span_o  = row_span_q[31:0];
  assign merge_x_o   = merge_x_q;
  assign merge_all_o = merge_all_q;

  // The stream as a whole: 32 * insn_count bytes from insn_offset, inside segment 0. They stay as they are from the cycle before
  // start_i on (tsr_control, rule 3), so they are looked at while dispatch waits for it. Nothing is fetched of a bad stream.
  logic        stream_bad, stream_bad_q, stream_any_q;
  logic [37:0] stream_end_q;

  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) stream_end_q <= 38'(insn_offset_i) + {1'b0, insn_count_i, 5'b00000};
  end

  assign stream_bad    = insn_offset_i[4:0] != 5'd0 || stream_end_q > 38'(seg_size_i[31:0]);
  assign fetch_start_o = state_q == StStream && !stream_bad_q && stream_any_q;
  assign insn_ready_o  = state_q == StFetch && !stream_bad_q && index_q != insn_count_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q       <= StIdle;
      insn_q        <= '0;
      index_q       <= '0;
      error_q       <= 1'b0;
      illegal_q     <= 1'b0;
      opcode_ok_q   <= 1'b0;
      sram_bad_q    <= 1'b0;
      dram_bad_q    <= 1'b0;
      underflow_q   <= 1'b0;
      overflow_q    <= 1'b0;
      row_span_q    <= '0;
      span_q        <= '0;
      unit_q        <= '0;
      crowded_q     <= 1'b0;
      merge_x_q     <= 1'b0;
      merge_all_q   <= 1'b0;
      token_q       <= '0;
      finish_o      <= 1'b0;
      fault_o       <= 1'b0;
      fault_code_o  <= '0;
      fault_index_o <= '0;
    end else begin
      finish_o  <= 1'b0;
      fault_o   <= 1'b0;
      crowded_q <= crowded;
      case (state_q)
        StIdle: begin
          if (start_i) begin
            stream_bad_q <= stream_bad;
            stream_any_q <= insn_count_i != 32'd0;
            state_q      <= StStream;
          end
        end

        StStream: state_q <= StFetch;

        StFetch: begin
          if (halt_i) state_q <= StStop;
          else if (stream_bad_q) begin
            fault_o       <= 1'b1;
            fault_code_o  <= tsr_isa_pkg::FaultInsnAlign;
            fault_index_o <= 32'd0;
            state_q       <= StStop;
          end else if (index_q == insn_count_i) begin
            fault_o       <= 1'b1;
            fault_code_o  <= tsr_isa_pkg::FaultMissingFinish;
            fault_index_o <= index_q;
            state_q       <= StStop;
          end else if (insn_valid_i) begin
            insn_q  <= insn_i;
            error_q <= insn_error_i;
            unit_q  <= in_unit;
            state_q <= StFields;
            // Padding counts in SRAM, and belongs to LOAD only.
            rows_q    <= 17'(in.y_count) + (in_load ? 17'(in.y_before) + 17'(in.y_after) : 17'd0) - 17'd1;
            columns_q <= 17'(in.x_count) + (in_load ? 17'(in.x_before) + 17'(in.x_after) : 17'd0) - 17'd1;
            x_steps_q <= in.x_count - 16'd1;
            y_steps_q <= in.y_count - 16'd1;
            row_stride_q    <= 16'(in.sram_y_stride);
            column_stride_q <= 16'(in.sram_x_stride);
            x_stride_q      <= in.x_stride;
            y_stride_q      <= in.y_stride;
          end
        end

        StFields: begin
          opcode_ok_q <= 1'b1;
          sram_bad_q  <= 1'b0;
          dram_bad_q  <= 1'b0;
          state_q     <= StDecide;
          illegal_q   <= illegal(ld.opcode);
          limits_bad_q <= ld.opcode == tsr_isa_pkg::OpAlu
              && (al.clip ? signed'(al.lo) > signed'(al.hi) : (al.lo | al.hi) != 16'd0);
          underflow_q <= underflow;
          overflow_q  <= overflow;
          case (ld.opcode)
            tsr_isa_pkg::OpLoad, tsr_isa_pkg::OpStore: begin
              state_q       <= StSums;
              row_prod_q    <= 33'(rows_q) * 33'(row_stride_q);
              column_prod_q <= 33'(columns_q) * 33'(column_stride_q);
              // A diagonal run writes BlockIn bytes for every source byte.
              sram_base_q   <= 33'(ld.sram_addr) + ((is_load && ld.diag) ? 33'(ld.run) << $clog2(BlockIn) : 33'(ld.run));
              x_prod_q      <= 40'(x_steps_q) * 40'(x_stride_q);
              y_prod_q      <= 48'(y_steps_q) * 48'(y_stride_q);
              moves_q       <= ld.x_count != 16'd0 && ld.y_count != 16'd0;
              x_merges_q    <= ld.x_count == 16'd1 || ld.x_stride == 24'(ld.run);
              y_once_q      <= ld.y_count == 16'd1;
              // Negative: the segment ends before the first byte.
              room_q        <= 33'(seg_size_i[32*32'(ld.segment)+:32]) - 33'(ld.dram_offset);
              digits_q      <= {digits(22'(ld.sram_y_stride)), digits(22'(ld.sram_x_stride)), digits(ld.sram_addr),
                                digits(22'(ld.run))};
            end
            tsr_isa_pkg::OpGemm, tsr_isa_pkg::OpAlu:
              sram_bad_q <= over(17'(insn_q[47:32]) + 17'(insn_q[63:48]));
            tsr_isa_pkg::OpFinish: begin
              illegal_q <= insn_q[255:8] != 248'd0;
              if (!error_q && insn_q[255:8] == 248'd0) state_q <= StFinish;
            end
            default: opcode_ok_q <= 1'b0;
          endcase
        end

        StSums: begin
          sram_end_q <= 35'(row_prod_q) + 35'(column_prod_q) + 35'(sram_base_q);
          row_span_q <= 41'(x_prod_q) + 41'(ld.run);
          span_q     <= 49'(x_prod_q) + 49'(y_prod_q) + 49'(ld.run);
          if (is_load && ld.buffer == tsr_isa_pkg::BufPar && !(multiple_of_3(digits_q[5:0])
              && multiple_of_3(digits_q[11:6]) && multiple_of_3(digits_q[17:12]) && multiple_of_3(digits_q[23:18])))
            illegal_q <= 1'b1;
          state_q    <= StRanges;
        end

        StRanges: begin
          sram_bad_q  <= sram_end_q > 35'(sram_size);
          dram_bad_q  <= moves_q && (room_q[32] || span_q > 49'(room_q[31:0]));
          merge_x_q   <= x_merges_q;
          merge_all_q <= x_merges_q && (y_once_q || 41'(ld.y_stride) == row_span_q);
          state_q     <= StDecide;
        end

        StDecide: begin
          if (halt_i) state_q <= StStop;
          else if (code != tsr_isa_pkg::FaultNone) begin
            fault_o       <= 1'b1;
            fault_code_o  <= code;
            fault_index_o <= index_q;
            state_q       <= StStop;
          end else if (push) begin
            index_q <= index_q + 32'd1;
            state_q <= StFetch;
            token_q <= moved(token_q, unit_q, ld.signal_mask, ld.wait_mask);
          end
        end

        StFinish: begin
          if (halt_i) state_q <= StStop;
          else if (pending_i == '0) begin
            finish_o <= 1'b1;
            state_q  <= StStop;
          end
        end

        default: ;  // StStop: until the end of the run resets everything
      endcase
    end
  end

  logic unused_bits;
  assign unused_bits = ^{in, ld, st, gm, al};
endmodule
