// SPDX-License-Identifier: Apache-2.0
// The core as the simulators see it: what the memory drives comes to it through registers.
//
//     rst_ni, m_axi_* (inputs) --> register --> +---------+
//     clk_i, s_axi_* -------------------------> | tessera | --> m_axi_* (outputs), interrupt_o
//                                               +---------+
//
// Latency: an input driven before a clock edge is the core's after it. So a cycle is one evaluation: with inputs that reach logic
// directly, all that depends on them is evaluated once more before the edge.
// Registered = 0: no registers, for builds that look at what an input does within a cycle, and for netlists.
module top #(
  parameter int unsigned Registered = 1
) (
  input  logic                                       clk_i,
  input  logic                                       rst_ni,
  input  logic [11:0]                                s_axi_awaddr,
  input  logic [2:0]                                 s_axi_awprot,
  input  logic                                       s_axi_awvalid,
  output logic                                       s_axi_awready,
  input  logic [31:0]                                s_axi_wdata,
  input  logic [3:0]                                 s_axi_wstrb,
  input  logic                                       s_axi_wvalid,
  output logic                                       s_axi_wready,
  output logic [1:0]                                 s_axi_bresp,
  output logic                                       s_axi_bvalid,
  input  logic                                       s_axi_bready,
  input  logic [11:0]                                s_axi_araddr,
  input  logic [2:0]                                 s_axi_arprot,
  input  logic                                       s_axi_arvalid,
  output logic                                       s_axi_arready,
  output logic [31:0]                                s_axi_rdata,
  output logic [1:0]                                 s_axi_rresp,
  output logic                                       s_axi_rvalid,
  input  logic                                       s_axi_rready,
  output logic [63:0]                                m_axi_araddr,
  output logic [7:0]                                 m_axi_arlen,
  output logic [2:0]                                 m_axi_arsize,
  output logic [1:0]                                 m_axi_arburst,
  output logic [3:0]                                 m_axi_arcache,
  output logic [2:0]                                 m_axi_arprot,
  output logic                                       m_axi_arvalid,
  input  logic                                       m_axi_arready,
  input  logic [8*tsr_cfg_pkg::BusBytes-1:0]         m_axi_rdata,
  input  logic [1:0]                                 m_axi_rresp,
  input  logic                                       m_axi_rlast,
  input  logic                                       m_axi_rvalid,
  output logic                                       m_axi_rready,
  output logic [63:0]                                m_axi_awaddr,
  output logic [7:0]                                 m_axi_awlen,
  output logic [2:0]                                 m_axi_awsize,
  output logic [1:0]                                 m_axi_awburst,
  output logic [3:0]                                 m_axi_awcache,
  output logic [2:0]                                 m_axi_awprot,
  output logic                                       m_axi_awvalid,
  input  logic                                       m_axi_awready,
  output logic [8*tsr_cfg_pkg::BusBytes-1:0]         m_axi_wdata,
  output logic [tsr_cfg_pkg::BusBytes-1:0]           m_axi_wstrb,
  output logic                                       m_axi_wlast,
  output logic                                       m_axi_wvalid,
  input  logic                                       m_axi_wready,
  input  logic [1:0]                                 m_axi_bresp,
  input  logic                                       m_axi_bvalid,
  output logic                                       m_axi_bready,
  output logic                                       interrupt_o
);

  logic                                       rst_n_r;
  logic                                       arready_r;
  logic [8*tsr_cfg_pkg::BusBytes-1:0]         rdata_r;
  logic [1:0]                                 rresp_r;
  logic                                       rlast_r;
  logic                                       rvalid_r;
  logic                                       awready_r;
  logic                                       wready_r;
  logic [1:0]                                 bresp_r;
  logic                                       bvalid_r;

  if (Registered != 0) begin : g_registered
    always_ff @(posedge clk_i) begin
      rst_n_r <= rst_ni;
      arready_r <= m_axi_arready;
      rdata_r <= m_axi_rdata;
      rresp_r <= m_axi_rresp;
      rlast_r <= m_axi_rlast;
      rvalid_r <= m_axi_rvalid;
      awready_r <= m_axi_awready;
      wready_r <= m_axi_wready;
      bresp_r <= m_axi_bresp;
      bvalid_r <= m_axi_bvalid;
    end
  end else begin : g_direct
    assign rst_n_r = rst_ni;
    assign arready_r = m_axi_arready;
    assign rdata_r = m_axi_rdata;
    assign rresp_r = m_axi_rresp;
    assign rlast_r = m_axi_rlast;
    assign rvalid_r = m_axi_rvalid;
    assign awready_r = m_axi_awready;
    assign wready_r = m_axi_wready;
    assign bresp_r = m_axi_bresp;
    assign bvalid_r = m_axi_bvalid;
  end

  tessera tessera (
    .clk_i,
    .rst_ni(rst_n_r),
    .s_axi_awaddr,
    .s_axi_awprot,
    .s_axi_awvalid,
    .s_axi_awready,
    .s_axi_wdata,
    .s_axi_wstrb,
    .s_axi_wvalid,
    .s_axi_wready,
    .s_axi_bresp,
    .s_axi_bvalid,
    .s_axi_bready,
    .s_axi_araddr,
    .s_axi_arprot,
    .s_axi_arvalid,
    .s_axi_arready,
    .s_axi_rdata,
    .s_axi_rresp,
    .s_axi_rvalid,
    .s_axi_rready,
    .m_axi_araddr,
    .m_axi_arlen,
    .m_axi_arsize,
    .m_axi_arburst,
    .m_axi_arcache,
    .m_axi_arprot,
    .m_axi_arvalid,
    .m_axi_arready(arready_r),
    .m_axi_rdata(rdata_r),
    .m_axi_rresp(rresp_r),
    .m_axi_rlast(rlast_r),
    .m_axi_rvalid(rvalid_r),
    .m_axi_rready,
    .m_axi_awaddr,
    .m_axi_awlen,
    .m_axi_awsize,
    .m_axi_awburst,
    .m_axi_awcache,
    .m_axi_awprot,
    .m_axi_awvalid,
    .m_axi_awready(awready_r),
    .m_axi_wdata,
    .m_axi_wstrb,
    .m_axi_wlast,
    .m_axi_wvalid,
    .m_axi_wready(wready_r),
    .m_axi_bresp(bresp_r),
    .m_axi_bvalid(bvalid_r),
    .m_axi_bready,
    .interrupt_o
  );

endmodule
