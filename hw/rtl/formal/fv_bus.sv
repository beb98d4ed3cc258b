// SPDX-License-Identifier: Apache-2.0
// The master port as in tessera: three burst cutters in front of the two halves of the bus, any regions, any data, any memory.
//
//     regions --> tsr_burst (fetch) --> tsr_axi_read  <--> AR, R
//     regions --> tsr_burst (LOAD)  -->
//     regions --> tsr_burst (STORE) --> tsr_axi_write <--> AW, W, B
//
// A requester may hold a burst back as long as it likes (hold_i): credits. drain_i: the run is being ended.
module fv_bus (
    input logic         clk_i,
    input logic         rst_ni,
    input logic         drain_i,
    input logic [2:0]   hold_i,
    input logic [2:0]   region_valid_i,
    input logic [191:0] region_addr_i,
    input logic [95:0]  region_bytes_i,
    input logic [2:0]   region_user_i,
    input logic         w_valid_i,
    input logic [8*tsr_cfg_pkg::BusBytes-1:0] w_data_i,
    input logic [tsr_cfg_pkg::BusBytes-1:0]   w_strb_i,
    input logic         arready, rvalid, rlast, awready, wready, bvalid,
    input logic [1:0]   rresp, bresp,
    input logic [8*tsr_cfg_pkg::BusBytes-1:0] rdata
);
  localparam int unsigned BusBytes = tsr_cfg_pkg::BusBytes;

  logic [2:0]   region_ready, burst_valid, burst_last, burst_user, burst_ready;
  logic [191:0] burst_addr;
  logic [26:0]  burst_beats;
  logic         arvalid, rready, awvalid, wvalid, wlast, bready;
  logic [63:0]  araddr, awaddr;
  logic [7:0]   arlen, awlen;
  logic [8*BusBytes-1:0] wdata, r_data;
  logic [BusBytes-1:0]   wstrb;
  logic         read_idle, write_idle, r0_valid, r1_valid, r_error, w_ready, b_last, b_error;
  logic [2:0]   req_ready;

  for (genvar n = 0; n < 3; n++) begin : g_burst
    assign burst_ready[n] = !hold_i[n] && req_ready[n];
    tsr_burst #(
        .BusBytes(BusBytes),
        .MaxBeats(tsr_cfg_pkg::BurstBeats)
    ) u_burst (
        .clk_i, .rst_ni,
        .region_valid_i(region_valid_i[n]),
        .region_addr_i (region_addr_i[64*n+:64]),
        .region_bytes_i(region_bytes_i[32*n+:32]),
        .region_user_i (region_user_i[n]),
        .region_ready_o(region_ready[n]),
        .burst_valid_o (burst_valid[n]),
        .burst_addr_o  (burst_addr[64*n+:64]),
        .burst_beats_o (burst_beats[9*n+:9]),
        .burst_last_o  (burst_last[n]),
        .burst_user_o  (burst_user[n]),
        .burst_ready_i (burst_ready[n] && burst_valid[n])
    );
  end

  tsr_axi_read u_read (
      .clk_i, .rst_ni,
      .abort_i     (drain_i),
      .idle_o      (read_idle),
      .req0_valid_i(burst_valid[0] && !hold_i[0]),
      .req0_addr_i (burst_addr[63:0]),
      .req0_beats_i(burst_beats[8:0]),
      .req0_ready_o(req_ready[0]),
      .req1_valid_i(burst_valid[1] && !hold_i[1]),
      .req1_addr_i (burst_addr[127:64]),
      .req1_beats_i(burst_beats[17:9]),
      .req1_ready_o(req_ready[1]),
      .r0_valid_o  (r0_valid),
      .r1_valid_o  (r1_valid),
      .r_data_o    (r_data),
      .r_error_o   (r_error),
      .m_axi_araddr(araddr), .m_axi_arlen(arlen), .m_axi_arvalid(arvalid), .m_axi_arready(arready), .m_axi_rdata(rdata),
      .m_axi_rresp(rresp), .m_axi_rlast(rlast), .m_axi_rvalid(rvalid), .m_axi_rready(rready)
  );

  tsr_axi_write u_write (
      .clk_i, .rst_ni,
      .abort_i    (drain_i),
      .idle_o     (write_idle),
      .req_valid_i(burst_valid[2] && !hold_i[2]),
      .req_addr_i (burst_addr[191:128]),
      .req_beats_i(burst_beats[26:18]),
      .req_last_i (burst_last[2] && burst_user[2]),
      .req_ready_o(req_ready[2]),
      .w_valid_i, .w_data_i, .w_strb_i,
      .w_ready_o  (w_ready),
      .b_last_o   (b_last),
      .b_error_o  (b_error),
      .m_axi_awaddr(awaddr), .m_axi_awlen(awlen), .m_axi_awvalid(awvalid), .m_axi_awready(awready), .m_axi_wdata(wdata),
      .m_axi_wstrb(wstrb), .m_axi_wlast(wlast), .m_axi_wvalid(wvalid), .m_axi_wready(wready), .m_axi_bresp(bresp),
      .m_axi_bvalid(bvalid), .m_axi_bready(bready)
  );

  // tessera ties the remaining signals to constants.
  axi_master_checker #(
      .DataBytes(BusBytes),
      .MaxBeats (tsr_cfg_pkg::BurstBeats),
      .MaxBursts(tsr_cfg_pkg::OutstandingBursts)
  ) u_port (
      .clk_i, .rst_ni, .drain_i,
      .araddr, .arlen, .arsize(3'($clog2(BusBytes))), .arburst(2'b01), .arvalid, .arready, .rlast, .rvalid, .rready,
      .awaddr, .awlen, .awsize(3'($clog2(BusBytes))), .awburst(2'b01), .awvalid, .awready, .wdata, .wstrb, .wlast, .wvalid,
      .wready, .bvalid, .bready
  );
endmodule
