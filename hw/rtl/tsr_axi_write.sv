// SPDX-License-Identifier: Apache-2.0
//
// tsr_axi_write - the AXI4 write channels: bursts and a stream of bus words in, WLAST and response accounting here.
//
//              +--------+
//   req_*   -->| AW reg |-----------------------------> m_axi_aw*
//              +---+----+
//                  +--> beats FIFO --> WLAST --+
//   w_* ----------------------------------> 2-word skid --> m_axi_w*
//                  +--> last FIFO <------------------- m_axi_b*
//   b_last_o, b_error_o <--+
//
// Rules
// 1. A data word is offered on W only when the address of its burst has been offered on AW (or before).
// 2. At most OutstandingBursts bursts wait for their response. B is always ready.
// 3. b_last_o: the response of a burst requested with req_last_i arrived. b_error_o: an error response arrived.
// 4. abort_i: no new burst; the missing words of bursts already offered are sent with no strobe set. idle_o: nothing in flight.

module tsr_axi_write (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             abort_i,
    output logic                             idle_o,

    input  logic                             req_valid_i,
    input  logic [63:0]                      req_addr_i,
    input  logic [8:0]                       req_beats_i,
    input  logic                             req_last_i,
    output logic                             req_ready_o,
    input  logic                             w_valid_i,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] w_data_i,
    input  logic [tsr_cfg_pkg::BusBytes-1:0] w_strb_i,
    output logic                             w_ready_o,
    output logic                             b_last_o,
    output logic                             b_error_o,

    output logic [63:0]                      m_axi_awaddr,
    output logic [7:0]                       m_axi_awlen,
    output logic                             m_axi_awvalid,
    input  logic                             m_axi_awready,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] m_axi_wdata,
    output logic [tsr_cfg_pkg::BusBytes-1:0] m_axi_wstrb,
    output logic                             m_axi_wlast,
    output logic                             m_axi_wvalid,
    input  logic                             m_axi_wready,
    input  logic [1:0]                       m_axi_bresp,
    input  logic                             m_axi_bvalid,
    output logic                             m_axi_bready
);
  localparam int unsigned BusBytes = tsr_cfg_pkg::BusBytes;
  localparam int unsigned SkidW    = 9 * BusBytes + 1;

  // Address channel.
  logic        valid_q;
  logic [63:0] addr_q;
  logic [7:0]  len_q;
  logic        grant, beats_ready, resp_ready;
  logic [8:0]  beats;

  assign req_ready_o = (!valid_q || m_axi_awready) && beats_ready && resp_ready && !abort_i;
  assign grant       = req_ready_o && req_valid_i;
  assign beats       = req_beats_i - 9'd1;

  always_ff @(posedge clk_i) begin
    if (grant) begin
      addr_q  <= req_addr_i;
      len_q   <= beats[7:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (grant)              valid_q <= 1'b1;
    else if (m_axi_awready) valid_q <= 1'b0;
    if (!rst_ni)            valid_q <= 1'b0;
  end

  assign m_axi_awvalid = valid_q;
  assign m_axi_awaddr  = addr_q;
  assign m_axi_awlen   = len_q;

  // Data channel: beat_q counts the words of the burst at the head of the beats FIFO.
  logic             burst_valid, skid_ready, send, last;
  logic [7:0]       burst_len, beat_q;
  logic [SkidW-1:0] skid;

  tsr_fifo #(
      .Width(8),
      .Depth(tsr_cfg_pkg::OutstandingBursts)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .valid_i(grant),
      .data_i (beats[7:0]),
      .ready_o(beats_ready),
      .valid_o(burst_valid),
      .data_o (burst_len),
      .ready_i(send && last)
  );

  assign last      = beat_q == burst_len;
  assign w_ready_o = burst_valid && skid_ready && !abort_i;
  assign send      = burst_valid && skid_ready && (w_valid_i || abort_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni)   beat_q <= '0;
    else if (send) beat_q <= last ? 8'd0 : beat_q + 8'd1;
  end

  tsr_fifo #(
      .Width(SkidW),
      .Depth(2)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .valid_i(send),
      .data_i ({last, abort_i ? BusBytes'(0) : w_strb_i, w_data_i}),
      .ready_o(skid_ready),
      .valid_o(m_axi_wvalid),
      .data_o (skid),
      .ready_i(m_axi_wready)
  );

  assign m_axi_wdata = skid[8*BusBytes-1:0];
  assign m_axi_wstrb = skid[9*BusBytes-1:8*BusBytes];
  assign m_axi_wlast = skid[SkidW-1];

  // Response channel.
  logic resp_valid, resp_last;

  tsr_fifo #(
      .Width(1),
      .Depth(tsr_cfg_pkg::OutstandingBursts)
  ) u_responses (
      .clk_i,
      .rst_ni,
      .valid_i(grant),
      .data_i (req_last_i),
      .ready_o(resp_ready),
      .valid_o(resp_valid),
      .data_o (resp_last),
      .ready_i(m_axi_bvalid)
  );

  assign m_axi_bready = 1'b1;
  assign b_last_o     = m_axi_bvalid && resp_valid && resp_last;
  assign b_error_o    = m_axi_bvalid && resp_valid && m_axi_bresp[1];
  assign idle_o       = !valid_q && !burst_valid && !m_axi_wvalid && !resp_valid;

  logic unused_bits;
  assign unused_bits = ^{beats[8], m_axi_bresp[0]};
endmodule
