// SPDX-License-Identifier: Apache-2.0
// The rules of an AXI4-Lite slave port, seen from outside. Sections are those of the AMBA AXI and ACE Protocol
// Specification, ARM IHI 0022E. In proofs the host's part (AXIL_A*) is assumed, in simulation it is checked as well.
//
//     host --- AW, W, B, AR, R ---> slave
//                     |
//              axi_lite_checker
`ifdef FORMAL
`define AXIL_ALWAYS always_comb
`define AXIL_HOST assume
`else
`define AXIL_ALWAYS always_ff @(posedge clk_i)
`define AXIL_HOST assert
`endif
module axi_lite_checker (
    input logic        clk_i,
    input logic        rst_ni,
    input logic [11:0] awaddr,
    input logic        awvalid,
    input logic        awready,
    input logic [31:0] wdata,
    input logic [3:0]  wstrb,
    input logic        wvalid,
    input logic        wready,
    input logic [1:0]  bresp,
    input logic        bvalid,
    input logic        bready,
    input logic [11:0] araddr,
    input logic        arvalid,
    input logic        arready,
    input logic [31:0] rdata,
    input logic [1:0]  rresp,
    input logic        rvalid,
    input logic        rready
);
  logic up_q = 1'b0;                              // a reset has been seen
  logic aw_wait_q, w_wait_q, b_wait_q, ar_wait_q, r_wait_q, reset_q;
  logic [11:0] awaddr_q, araddr_q;
  logic [35:0] w_q;
  logic [31:0] rdata_q;
  logic [1:0]  aw_open_q, w_open_q, ar_open_q;    // taken and not answered

  always_ff @(posedge clk_i) begin
    if (!rst_ni) up_q <= 1'b1;
    reset_q   <= !rst_ni;
    aw_wait_q <= rst_ni && awvalid && !awready;
    w_wait_q  <= rst_ni && wvalid && !wready;
    b_wait_q  <= rst_ni && bvalid && !bready;
    ar_wait_q <= rst_ni && arvalid && !arready;
    r_wait_q  <= rst_ni && rvalid && !rready;
    awaddr_q  <= awaddr;
    araddr_q  <= araddr;
    w_q       <= {wstrb, wdata};
    rdata_q   <= rdata;
    if (!rst_ni) begin
      aw_open_q <= '0;
      w_open_q  <= '0;
      ar_open_q <= '0;
    end else begin
      aw_open_q <= aw_open_q + 2'(awvalid && awready) - 2'(bvalid && bready);
      w_open_q  <= w_open_q + 2'(wvalid && wready) - 2'(bvalid && bready);
      ar_open_q <= ar_open_q + 2'(arvalid && arready) - 2'(rvalid && rready);
    end
  end

  `AXIL_ALWAYS if (up_q && rst_ni) begin
    if (aw_wait_q) AXIL_A1a: `AXIL_HOST (awvalid && awaddr == awaddr_q);
    if (w_wait_q) AXIL_A1b: `AXIL_HOST (wvalid && {wstrb, wdata} == w_q);
    if (ar_wait_q) AXIL_A1c: `AXIL_HOST (arvalid && araddr == araddr_q);

    if (b_wait_q) AXIL_1a: assert (bvalid && bresp == 2'b00);
    if (r_wait_q) AXIL_1b: assert (rvalid && rdata == rdata_q);
    if (bvalid) AXIL_2: assert (aw_open_q != 0 && w_open_q != 0);
    if (rvalid) AXIL_3: assert (ar_open_q != 0);
    AXIL_4: assert (aw_open_q < 2 || !awready);
    AXIL_5: assert (w_open_q < 2 || !wready);
    AXIL_6: assert (ar_open_q < 2 || !arready);
    if (bvalid) AXIL_7a: assert (bresp == 2'b00);
    if (rvalid) AXIL_7b: assert (rresp == 2'b00);
    if (reset_q) AXIL_8: assert (!bvalid && !rvalid);
  end

`ifdef FORMAL
  logic fv_up;
  assign fv_up = up_q;
  logic twice_q = 1'b0;
  always_ff @(posedge clk_i) if (up_q && rst_ni && bvalid && bready && rvalid && rready) twice_q <= 1'b1;
  always_comb if (up_q && rst_ni) begin
    cover_AXIL_1: cover (twice_q && b_wait_q && r_wait_q && bready && rready);
    cover_AXIL_2: cover (twice_q && bvalid && bready);
    cover_AXIL_3: cover (twice_q && rvalid && rready && rdata == 32'h01234567);
    cover_AXIL_4: cover (twice_q && awvalid && awready && aw_open_q == 1);
    cover_AXIL_5: cover (twice_q && wvalid && wready && w_open_q == 1);
    cover_AXIL_6: cover (twice_q && arvalid && arready);
    cover_AXIL_7: cover (twice_q && bvalid && rvalid);
    cover_AXIL_8: cover (twice_q && reset_q);
  end
`endif
endmodule
