// SPDX-License-Identifier: Apache-2.0
// The rules of the two bus ports, in the test builds with assertions.
bind tessera axi_master_checker #(
    .DataBytes(tsr_cfg_pkg::BusBytes),
    .MaxBeats (tsr_cfg_pkg::BurstBeats),
    .MaxBursts(tsr_cfg_pkg::OutstandingBursts),
    .Trackers (tsr_cfg_pkg::OutstandingBursts)
) u_master_checker (
    .clk_i, .rst_ni,
    .drain_i(abort),
    .araddr (m_axi_araddr),
    .arlen  (m_axi_arlen),
    .arsize (m_axi_arsize),
    .arburst(m_axi_arburst),
    .arvalid(m_axi_arvalid),
    .arready(m_axi_arready),
    .rlast  (m_axi_rlast),
    .rvalid (m_axi_rvalid),
    .rready (m_axi_rready),
    .awaddr (m_axi_awaddr),
    .awlen  (m_axi_awlen),
    .awsize (m_axi_awsize),
    .awburst(m_axi_awburst),
    .awvalid(m_axi_awvalid),
    .awready(m_axi_awready),
    .wdata  (m_axi_wdata),
    .wstrb  (m_axi_wstrb),
    .wlast  (m_axi_wlast),
    .wvalid (m_axi_wvalid),
    .wready (m_axi_wready),
    .bvalid (m_axi_bvalid),
    .bready (m_axi_bready)
);

bind tessera axi_lite_checker u_slave_checker (
    .clk_i, .rst_ni,
    .awaddr (s_axi_awaddr),
    .awvalid(s_axi_awvalid),
    .awready(s_axi_awready),
    .wdata  (s_axi_wdata),
    .wstrb  (s_axi_wstrb),
    .wvalid (s_axi_wvalid),
    .wready (s_axi_wready),
    .bresp  (s_axi_bresp),
    .bvalid (s_axi_bvalid),
    .bready (s_axi_bready),
    .araddr (s_axi_araddr),
    .arvalid(s_axi_arvalid),
    .arready(s_axi_arready),
    .rdata  (s_axi_rdata),
    .rresp  (s_axi_rresp),
    .rvalid (s_axi_rvalid),
    .rready (s_axi_rready)
);
