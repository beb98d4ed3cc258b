// SPDX-License-Identifier: Apache-2.0
// The GEMM unit of the core with its buffers behind a serial port: what of Tessera fits an iCE40 HX8K.
//
//     spi_sck_i, spi_cs_ni, spi_mosi_i --> bytes --> command, address, data --> UOP, INP, WGT, instruction
//     spi_miso_o <------------------------ bytes <-- status, ACC                   |    |    |      |
//                                                     ^                           tsr_gemm (tsr_issue, tsr_loop, tsr_dot)
//                                                    ACC <------------------------------+
//
// SPI mode 0, most significant bit first, spi_sck_i at most clk_i / 8. A transfer is a command byte, two bytes of address (low one
// first), then data bytes; the address counts bytes and steps with each.
//
// 1. Command 0, 1, 2: write UOP, INP, WGT. 3: write the GEMM instruction (32 bytes, as isa/spec.md encodes it). 4: start it, with
//    the first data byte. 5: read ACC: data bytes go out from the address on.
// 2. While a command byte comes in, the status byte goes out: bit 0 running, bit 1 an instruction has completed, bit 2 a micro-op
//    was faulty. Starting clears the last two.
// 3. Tokens are always there; none are given to anybody.
// 4. Nothing may be written or read while an instruction runs.
module tsr_ice40 #(
  parameter int unsigned BlockIn = 4,
  parameter int unsigned BlockOut = 4,
  parameter int unsigned Entries = 256
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic spi_sck_i,
  input  logic spi_cs_ni,
  input  logic spi_mosi_i,
  output logic spi_miso_o
);

  localparam int unsigned InpBits = 8 * BlockIn;
  localparam int unsigned WgtBits = 8 * BlockIn * BlockOut;
  localparam int unsigned AccBits = 32 * BlockOut;
  localparam int unsigned AddrWidth = $clog2(Entries);
  localparam int unsigned InpShift = $clog2(BlockIn);
  localparam int unsigned WgtShift = $clog2(BlockIn * BlockOut);
  localparam int unsigned AccShift = $clog2(4 * BlockOut);

  // ---- bytes -------------------------------------------------------------------------------------------------------------
  logic [2:0] sck_q, cs_q;
  logic [1:0] mosi_q;
  logic [2:0] bit_q;
  logic [7:0] in_q, out_q, out_next;
  logic       rise, fall, take;

  assign rise = sck_q[2:1] == 2'b01 && !cs_q[1];
  assign fall = sck_q[2:1] == 2'b10 && !cs_q[1];
  assign take = rise && bit_q == 3'd7;   // the byte {in_q[6:0], mosi_q[1]} is complete
  assign spi_miso_o = out_q[7];

  always_ff @(posedge clk_i) begin
    sck_q <= {sck_q[1:0], spi_sck_i};
    cs_q <= {cs_q[1:0], spi_cs_ni};
    mosi_q <= {mosi_q[0], spi_mosi_i};
    if (cs_q[1]) begin
      bit_q <= 3'd0;
      out_q <= out_next;
    end else begin
      if (rise) begin
        bit_q <= bit_q + 3'd1;
        in_q <= {in_q[6:0], mosi_q[1]};
      end
      if (fall) out_q <= bit_q == 3'd0 ? out_next : {out_q[6:0], 1'b0};
    end
  end

  // ---- commands ----------------------------------------------------------------------------------------------------------
  logic [1:0]  place_q;   // command, address low, address high, data
  logic [2:0]  command_q;
  logic [15:0] addr_q;
  logic [7:0]  data;
  logic        write, start_q, running_q, done_q, fault_q;
  logic [255:0] insn_q;

  assign data = {in_q[6:0], mosi_q[1]};
  assign write = take && place_q == 2'd3;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || cs_q[1]) begin
      place_q <= 2'd0;
    end else if (take) begin
      if (place_q != 2'd3) place_q <= place_q + 2'd1;
      case (place_q)
        2'd0: command_q <= data[2:0];
        2'd1: addr_q[7:0] <= data;
        2'd2: addr_q[15:8] <= data;
        default: addr_q <= addr_q + 16'd1;
      endcase
    end
    // An instruction is shifted in, its first byte ending lowest: 32 data bytes fill it.
    if (write && command_q == 3'd3) insn_q <= {data, insn_q[255:8]};
  end

  // ---- GEMM --------------------------------------------------------------------------------------------------------------
  logic                uop_re, inp_re, wgt_re, acc_re, acc_we, gemm_ready, gemm_done, gemm_fault;
  logic [15:0]         uop_addr, inp_addr, wgt_addr, acc_raddr, acc_waddr;
  logic [63:0]         uop_data;
  logic [InpBits-1:0]  inp_data;
  logic [WgtBits-1:0]  wgt_data;
  logic [AccBits-1:0]  acc_rdata, acc_wdata;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_q <= 1'b0;
      running_q <= 1'b0;
      done_q <= 1'b0;
      fault_q <= 1'b0;
    end else begin
      if (write && command_q == 3'd4 && !running_q) begin
        start_q <= 1'b1;
        running_q <= 1'b1;
        done_q <= 1'b0;
        fault_q <= 1'b0;
      end else begin
        if (gemm_ready) start_q <= 1'b0;
        if (gemm_done || gemm_fault) running_q <= 1'b0;
        if (gemm_done) done_q <= 1'b1;
        if (gemm_fault) fault_q <= 1'b1;
      end
    end
  end

  logic [3:0]  take_unused, give_unused, busy_unused;
  logic [1:0]  acc_bank_unused, inp_bank_unused;
  logic        ask_unused;
  logic        issue_unused, token_unused, bank_unused, active_unused;
  logic [7:0]  code_unused;
  logic [31:0] index_unused;

  tsr_gemm #(
    .Batch      (1),
    .BlockIn    (BlockIn),
    .BlockOut   (BlockOut),
    .InpEntries (Entries),
    .WgtEntries (Entries),
    .AccEntries (Entries)
  ) u_gemm (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .flush_i       (!running_q),
    .halt_i        (1'b0),
    .valid_i       (start_q),
    .insn_i        (insn_q),
    .index_i       (32'd0),
    .ready_o       (gemm_ready),
    .tok_avail_i   (4'hf),
    .tok_take_o    (take_unused),
    .tok_give_o    (give_unused),
    .uop_re_o      (uop_re),
    .uop_addr_o    (uop_addr),
    .uop_data_i    (uop_data),
    .inp_re_o      (inp_re),
    .inp_addr_o    (inp_addr),
    .inp_data_i    (inp_data),
    .wgt_re_o      (wgt_re),
    .wgt_addr_o    (wgt_addr),
    .wgt_data_i    (wgt_data),
    .acc_re_o      (acc_re),
    .acc_raddr_o   (acc_raddr),
    .acc_rdata_i   (acc_rdata),
    .acc_we_o      (acc_we),
    .acc_waddr_o   (acc_waddr),
    .acc_wdata_o   (acc_wdata),
    .ask_o         (ask_unused),
    .acc_bank_o    (acc_bank_unused),
    .inp_bank_o    (inp_bank_unused),
    .acc_busy_o    (busy_unused),
    .grant_i       (1'b1),
    .busy_o        (issue_unused),
    .stall_token_o (token_unused),
    .stall_bank_o  (bank_unused),
    .active_o      (active_unused),
    .done_o        (gemm_done),
    .fault_o       (gemm_fault),
    .fault_code_o  (code_unused),
    .fault_index_o (index_unused)
  );

  // ---- buffers -----------------------------------------------------------------------------------------------------------
  tsr_sram #(.Depth(Entries), .Width(64), .StrbWidth(8)) u_uop (
    .clk_i        (clk_i),
    .clear_i      (1'b0),
    .clear_addr_i ('0),
    .we_i         (write && command_q == 3'd0),
    .waddr_i      (addr_q[3 +: AddrWidth]),
    .wseg_i       (1'b0),
    .wstrb_i      (8'd1 << addr_q[2:0]),
    .wdata_i      ({8{data}}),
    .re_i         (uop_re),
    .raddr_i      (uop_addr[AddrWidth-1:0]),
    .rdata_o      (uop_data)
  );

  tsr_sram #(.Depth(Entries), .Width(InpBits), .StrbWidth(8)) u_inp (
    .clk_i        (clk_i),
    .clear_i      (1'b0),
    .clear_addr_i ('0),
    .we_i         (write && command_q == 3'd1),
    .waddr_i      (addr_q[InpShift +: AddrWidth]),
    .wseg_i       (1'b0),
    .wstrb_i      (BlockIn'(1) << addr_q[InpShift-1:0]),
    .wdata_i      ({BlockIn{data}}),
    .re_i         (inp_re),
    .raddr_i      (inp_addr[AddrWidth-1:0]),
    .rdata_o      (inp_data)
  );

  tsr_sram #(.Depth(Entries), .Width(WgtBits), .StrbWidth(8)) u_wgt (
    .clk_i        (clk_i),
    .clear_i      (1'b0),
    .clear_addr_i ('0),
    .we_i         (write && command_q == 3'd2),
    .waddr_i      (addr_q[WgtShift +: AddrWidth]),
    .wseg_i       (1'b0),
    .wstrb_i      ((BlockIn*BlockOut)'(1) << addr_q[WgtShift-1:0]),
    .wdata_i      ({BlockIn*BlockOut{data}}),
    .re_i         (wgt_re),
    .raddr_i      (wgt_addr[AddrWidth-1:0]),
    .rdata_o      (wgt_data)
  );

  // ACC is read by the host between instructions.
  tsr_sram #(.Depth(Entries), .Width(AccBits)) u_acc (
    .clk_i        (clk_i),
    .clear_i      (1'b0),
    .clear_addr_i ('0),
    .we_i         (acc_we),
    .waddr_i      (acc_waddr[AddrWidth-1:0]),
    .wseg_i       (1'b0),
    .wstrb_i      (1'b1),
    .wdata_i      (acc_wdata),
    .re_i         (acc_re || !running_q),
    .raddr_i      (running_q ? acc_raddr[AddrWidth-1:0] : addr_q[AccShift +: AddrWidth]),
    .rdata_o      (acc_rdata)
  );

  // The byte that goes out next: the address steps when the byte before it has come in, long before its falling edge.
  logic [AccShift-1:0] lane_q;
  always_ff @(posedge clk_i) lane_q <= addr_q[AccShift-1:0];

  assign out_next = cs_q[1] ? {5'd0, fault_q, done_q, running_q} : acc_rdata[8*32'(lane_q) +: 8];

  logic unused_bits;
  assign unused_bits = ^{take_unused, give_unused, busy_unused, ask_unused, acc_bank_unused, inp_bank_unused, issue_unused, token_unused,
                         bank_unused, active_unused, code_unused, index_unused, inp_addr, wgt_addr, uop_addr, acc_raddr, acc_waddr,
                         cs_q[2], in_q[7]};
endmodule
