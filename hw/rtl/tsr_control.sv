// SPDX-License-Identifier: Apache-2.0
//
// tsr_control - the control registers, laid out as XRT's ap_ctrl_hs.
//
//   write_*, read_* (tsr_axi_lite) <--> registers <--> start_o, soft_reset_o, arguments
//                                           ^-- done_i, fault, state, counters (read in tsr_counters)
//   interrupt_o <-- GIE, IER, ISR
//
// Rules
// 1. ap_start reads 1 from the write to the end of the run. Written while memories are still being cleared it is
//    remembered; written during a run it has no effect. ap_idle is 0 from the write on.
// 2. ap_done and ap_ready are set together at the end of a run and cleared by reading CTRL.
// 3. Arguments are not written during a run, from start_ack_i to done: such writes are dropped. So dispatch may look at them in
//    the cycle in which a run begins.
// 4. read_data_o is valid in the cycle after read_i. Addresses that name no register read 0.

module tsr_control (
    input  logic         clk_i,
    input  logic         rst_ni,

    input  logic         write_i,
    input  logic [11:0]  write_addr_i,
    input  logic [31:0]  write_data_i,
    input  logic         read_i,
    input  logic [11:0]  read_addr_i,
    output logic [31:0]  read_data_o,

    output logic         start_o,          // a start is wanted
    input  logic         start_ack_i,      // it begins
    output logic         soft_reset_o,     // pulse
    input  logic         soft_busy_i,
    input  logic         running_i,        // start to done
    input  logic         idle_i,
    input  logic         done_i,           // pulse

    output logic [31:0]  insn_offset_o,
    output logic [31:0]  insn_count_o,
    output logic [255:0] seg_base_o,
    output logic [127:0] seg_size_o,

    input  logic [10:0]  fault_i,          // {unit, code}
    input  logic [31:0]  fault_index_i,
    input  logic [15:0]  state_i,

    output logic         count_read_o,
    output logic [5:0]   count_index_o,
    input  logic [63:0]  count_data_i,     // in the cycle after count_read_o

    output logic         interrupt_o
);
  logic         start_q, done_q, ready_q, gie_q;
  logic [1:0]   ier_q, isr_q;
  logic [31:0]  offset_q, count_q;
  logic [255:0] base_q;
  logic [127:0] size_q;
  logic [31:0]  data_q;
  logic         is_count, counter_q, counter_hi_q;

  assign start_o       = start_q;
  assign soft_reset_o  = write_i && write_addr_i == tsr_isa_pkg::RegSoftReset && write_data_i[0];
  assign insn_offset_o = offset_q;
  assign insn_count_o  = count_q;
  assign seg_base_o    = base_q;
  assign seg_size_o    = size_q;
  assign interrupt_o   = gie_q && isr_q != 2'b00;

  assign is_count      = read_addr_i >= tsr_isa_pkg::RegCounters
                         && read_addr_i < tsr_isa_pkg::RegCounters + 12'(8 * tsr_isa_pkg::Counters);
  assign count_read_o  = read_i && is_count;
  assign count_index_o = 6'((read_addr_i - tsr_isa_pkg::RegCounters) >> 3);
  assign read_data_o   = !counter_q ? data_q : counter_hi_q ? count_data_i[63:32] : count_data_i[31:0];

  // Run control and interrupts.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_q <= 1'b0;
      done_q  <= 1'b0;
      ready_q <= 1'b0;
      gie_q   <= 1'b0;
      ier_q   <= 2'b00;
      isr_q   <= 2'b00;
    end else begin
      if (read_i && read_addr_i == tsr_isa_pkg::RegCtrl) begin
        done_q  <= 1'b0;
        ready_q <= 1'b0;
      end
      if (start_ack_i) start_q <= 1'b0;
      if (write_i) begin
        case (write_addr_i)
          tsr_isa_pkg::RegCtrl: if (write_data_i[0] && !running_i && !start_ack_i) start_q <= 1'b1;
          tsr_isa_pkg::RegGie:  gie_q <= write_data_i[0];
          tsr_isa_pkg::RegIer:  ier_q <= write_data_i[1:0];
          tsr_isa_pkg::RegIsr:  isr_q <= isr_q ^ write_data_i[1:0];
          tsr_isa_pkg::RegSoftReset: if (write_data_i[0]) start_q <= 1'b0;
          default: ;
        endcase
      end
      if (done_i) begin
        done_q  <= 1'b1;
        ready_q <= 1'b1;
        isr_q   <= ((write_i && write_addr_i == tsr_isa_pkg::RegIsr) ? isr_q ^ write_data_i[1:0] : isr_q) | ier_q;
      end
    end
  end

  // Arguments.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      offset_q <= '0;
      count_q  <= '0;
      base_q   <= '0;
      size_q   <= '0;
    end else if (write_i && !running_i && !start_ack_i) begin
      case (write_addr_i)
        tsr_isa_pkg::RegInsnOffset: offset_q         <= write_data_i;
        tsr_isa_pkg::RegInsnCount:  count_q          <= write_data_i;
        tsr_isa_pkg::RegSeg0BaseLo: base_q[31:0]     <= write_data_i;
        tsr_isa_pkg::RegSeg0BaseHi: base_q[63:32]    <= write_data_i;
        tsr_isa_pkg::RegSeg0Size:   size_q[31:0]     <= write_data_i;
        tsr_isa_pkg::RegSeg1BaseLo: base_q[95:64]    <= write_data_i;
        tsr_isa_pkg::RegSeg1BaseHi: base_q[127:96]   <= write_data_i;
        tsr_isa_pkg::RegSeg1Size:   size_q[63:32]    <= write_data_i;
        tsr_isa_pkg::RegSeg2BaseLo: base_q[159:128]  <= write_data_i;
        tsr_isa_pkg::RegSeg2BaseHi: base_q[191:160]  <= write_data_i;
        tsr_isa_pkg::RegSeg2Size:   size_q[95:64]    <= write_data_i;
        tsr_isa_pkg::RegSeg3BaseLo: base_q[223:192]  <= write_data_i;
        tsr_isa_pkg::RegSeg3BaseHi: base_q[255:224]  <= write_data_i;
        tsr_isa_pkg::RegSeg3Size:   size_q[127:96]   <= write_data_i;
        default: ;
      endcase
    end
  end

  // Reads.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      data_q       <= '0;
      counter_q    <= 1'b0;
      counter_hi_q <= 1'b0;
    end else if (read_i) begin
      counter_q    <= is_count;
      counter_hi_q <= read_addr_i[2];
      case (read_addr_i)
        tsr_isa_pkg::RegCtrl:
          data_q <= {28'd0, ready_q, idle_i && !start_q, done_q, start_q || running_i};
        tsr_isa_pkg::RegGie:         data_q <= {31'd0, gie_q};
        tsr_isa_pkg::RegIer:         data_q <= {30'd0, ier_q};
        tsr_isa_pkg::RegIsr:         data_q <= {30'd0, isr_q};
        tsr_isa_pkg::RegInsnOffset:  data_q <= offset_q;
        tsr_isa_pkg::RegInsnCount:   data_q <= count_q;
        tsr_isa_pkg::RegSeg0BaseLo:  data_q <= base_q[31:0];
        tsr_isa_pkg::RegSeg0BaseHi:  data_q <= base_q[63:32];
        tsr_isa_pkg::RegSeg0Size:    data_q <= size_q[31:0];
        tsr_isa_pkg::RegSeg1BaseLo:  data_q <= base_q[95:64];
        tsr_isa_pkg::RegSeg1BaseHi:  data_q <= base_q[127:96];
        tsr_isa_pkg::RegSeg1Size:    data_q <= size_q[63:32];
        tsr_isa_pkg::RegSeg2BaseLo:  data_q <= base_q[159:128];
        tsr_isa_pkg::RegSeg2BaseHi:  data_q <= base_q[191:160];
        tsr_isa_pkg::RegSeg2Size:    data_q <= size_q[95:64];
        tsr_isa_pkg::RegSeg3BaseLo:  data_q <= base_q[223:192];
        tsr_isa_pkg::RegSeg3BaseHi:  data_q <= base_q[255:224];
        tsr_isa_pkg::RegSeg3Size:    data_q <= size_q[127:96];
        tsr_isa_pkg::RegSoftReset:   data_q <= {31'd0, soft_busy_i};
        tsr_isa_pkg::RegMagic:       data_q <= tsr_isa_pkg::IsaMagic;
        tsr_isa_pkg::RegIsaVersion:  data_q <= tsr_isa_pkg::IsaVersion;
        tsr_isa_pkg::RegConfigIdLo:  data_q <= tsr_cfg_pkg::ConfigId[31:0];
        tsr_isa_pkg::RegConfigIdHi:  data_q <= tsr_cfg_pkg::ConfigId[63:32];
        tsr_isa_pkg::RegFault:       data_q <= {21'd0, fault_i};
        tsr_isa_pkg::RegFaultIndex:  data_q <= fault_index_i;
        tsr_isa_pkg::RegState:       data_q <= {16'd0, state_i};
        default:                     data_q <= 32'd0;
      endcase
    end
  end
endmodule
