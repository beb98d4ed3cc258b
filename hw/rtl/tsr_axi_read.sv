// SPDX-License-Identifier: Apache-2.0
//
// tsr_axi_read - shares the AXI4 read channels between instruction fetch (port 0) and the load unit (port 1).
//
//   req0_* -->+-----------+     +--------+
//             | LOAD, or  |---->| AR reg |----> m_axi_ar*
//   req1_* -->| who waits |     +--------+
//             +-----------+--+  +-------------+
//                            +->| owner FIFO  |
//   r0_valid_o, r1_valid_o <----| 1 bit/burst |<- m_axi_r*
//   r_data_o, r_error_o         +-------------+
//
// Rules
// 1. A requester asks only for words it has room for, so R is always ready.
// 2. At most OutstandingBursts bursts are in flight; all carry the same (absent) ID, so data returns in request order.
// 3. abort_i stops new bursts; a burst already offered on AR stays. idle_o: nothing offered and nothing in flight.
// 4. AR payload is registered and stable until taken; a burst every cycle.
// 5. LOAD is served first, but once fetch has waited a cycle it is fetch's turn: so LOAD's answer does not depend on what fetch
//    asks in the same cycle, and fetch waits for one burst of LOAD's at most.

module tsr_axi_read (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             abort_i,
    output logic                             idle_o,

    input  logic                             req0_valid_i,
    input  logic [63:0]                      req0_addr_i,
    input  logic [8:0]                       req0_beats_i,
    output logic                             req0_ready_o,
    input  logic                             req1_valid_i,
    input  logic [63:0]                      req1_addr_i,
    input  logic [8:0]                       req1_beats_i,
    output logic                             req1_ready_o,

    output logic                             r0_valid_o,
    output logic                             r1_valid_o,
    output logic [8*tsr_cfg_pkg::BusBytes-1:0] r_data_o,
    output logic                             r_error_o,

    output logic [63:0]                      m_axi_araddr,
    output logic [7:0]                       m_axi_arlen,
    output logic                             m_axi_arvalid,
    input  logic                             m_axi_arready,
    input  logic [8*tsr_cfg_pkg::BusBytes-1:0] m_axi_rdata,
    input  logic [1:0]                       m_axi_rresp,
    input  logic                             m_axi_rlast,
    input  logic                             m_axi_rvalid,
    output logic                             m_axi_rready
);
  logic        valid_q;
  logic [63:0] addr_q;
  logic [7:0]  len_q;
  logic        free, load, grant, owner_ready, owner_valid, owner;
  logic        wait_q;               // fetch has waited
  logic [8:0]  beats;

  assign free         = (!valid_q || m_axi_arready) && owner_ready && !abort_i;
  assign load         = req1_valid_i && !wait_q;
  assign req0_ready_o = free && !load;
  assign req1_ready_o = free && !wait_q;
  assign grant        = free && (load || req0_valid_i);
  assign beats        = (load ? req1_beats_i : req0_beats_i) - 9'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) wait_q <= 1'b0;
    else         wait_q <= req0_valid_i && !req0_ready_o;
  end

  always_ff @(posedge clk_i) begin
    if (grant) begin
      addr_q  <= load ? req1_addr_i : req0_addr_i;
      len_q   <= beats[7:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (grant)              valid_q <= 1'b1;
    else if (m_axi_arready) valid_q <= 1'b0;
    if (!rst_ni)            valid_q <= 1'b0;
  end

  assign m_axi_arvalid = valid_q;
  assign m_axi_araddr  = addr_q;
  assign m_axi_arlen   = len_q;

  tsr_fifo #(
      .Width(1),
      .Depth(tsr_cfg_pkg::OutstandingBursts)
  ) u_owner (
      .clk_i,
      .rst_ni,
      .valid_i(grant),
      .data_i (load),
      .ready_o(owner_ready),
      .valid_o(owner_valid),
      .data_o (owner),
      .ready_i(m_axi_rvalid && m_axi_rlast)
  );

  assign m_axi_rready = 1'b1;
  assign r0_valid_o   = m_axi_rvalid && owner_valid && !owner;
  assign r1_valid_o   = m_axi_rvalid && owner_valid && owner;
  assign r_data_o     = m_axi_rdata;
  assign r_error_o    = m_axi_rresp[1];
  assign idle_o       = !valid_q && !owner_valid;

  logic unused_bits;
  assign unused_bits = ^{beats[8], m_axi_rresp[0]};
endmodule
