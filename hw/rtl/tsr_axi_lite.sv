// SPDX-License-Identifier: Apache-2.0
//
// tsr_axi_lite - AXI4-Lite slave to a simple register port.
//
//   AW --> address register --+--> write_o, write_addr_o, write_data_o (one cycle) --> B
//   W  --> data register -----+
//   AR --> read_o, read_addr_o (one cycle) --> read_data_i in the next cycle --> R
//
// Rules
// 1. All ready and valid signals come from registers. AW and W may come in any order.
// 2. One write and one read at a time; each is answered before the next one is taken. Responses are always OKAY.
// 3. A write without all four strobes writes nothing: registers are 32 bits wide and written whole.

module tsr_axi_lite (
    input  logic        clk_i,
    input  logic        rst_ni,

    input  logic [11:0] s_axi_awaddr,
    input  logic        s_axi_awvalid,
    output logic        s_axi_awready,
    input  logic [31:0] s_axi_wdata,
    input  logic [3:0]  s_axi_wstrb,
    input  logic        s_axi_wvalid,
    output logic        s_axi_wready,
    output logic [1:0]  s_axi_bresp,
    output logic        s_axi_bvalid,
    input  logic        s_axi_bready,
    input  logic [11:0] s_axi_araddr,
    input  logic        s_axi_arvalid,
    output logic        s_axi_arready,
    output logic [31:0] s_axi_rdata,
    output logic [1:0]  s_axi_rresp,
    output logic        s_axi_rvalid,
    input  logic        s_axi_rready,

    output logic        write_o,
    output logic [11:0] write_addr_o,
    output logic [31:0] write_data_o,
    output logic        read_o,
    output logic [11:0] read_addr_o,
    input  logic [31:0] read_data_i
);
  logic        aw_full_q, w_full_q, whole_q, b_valid_q, ready_q;
  logic        ar_full_q, read_q, r_valid_q;
  logic [11:0] aw_addr_q, ar_addr_q;
  logic [31:0] w_data_q, r_data_q;
  logic        commit;

  // ready_q keeps the readies low in reset.
  assign s_axi_awready = ready_q && !aw_full_q;
  assign s_axi_wready  = ready_q && !w_full_q;
  assign s_axi_arready = ready_q && !ar_full_q;
  assign commit        = aw_full_q && w_full_q && !b_valid_q;

  assign write_o      = commit && whole_q;
  assign write_addr_o = {aw_addr_q[11:2], 2'b00};
  assign write_data_o = w_data_q;
  assign s_axi_bvalid = b_valid_q;
  assign s_axi_bresp  = 2'b00;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ready_q   <= 1'b0;
      aw_full_q <= 1'b0;
      w_full_q  <= 1'b0;
      whole_q   <= 1'b0;
      b_valid_q <= 1'b0;
      aw_addr_q <= '0;
      w_data_q  <= '0;
    end else begin
      ready_q <= 1'b1;
      if (s_axi_awvalid && s_axi_awready) begin
        aw_full_q <= 1'b1;
        aw_addr_q <= s_axi_awaddr;
      end else if (commit) begin
        aw_full_q <= 1'b0;
      end
      if (s_axi_wvalid && s_axi_wready) begin
        w_full_q <= 1'b1;
        w_data_q <= s_axi_wdata;
        whole_q  <= s_axi_wstrb == 4'hf;
      end else if (commit) begin
        w_full_q <= 1'b0;
      end
      if (commit)            b_valid_q <= 1'b1;
      else if (s_axi_bready) b_valid_q <= 1'b0;
    end
  end

  // ar_full_q: a read is under way; read_q: its data is on read_data_i.
  assign read_o       = ar_full_q && !read_q && !r_valid_q;
  assign read_addr_o  = {ar_addr_q[11:2], 2'b00};
  assign s_axi_rvalid = r_valid_q;
  assign s_axi_rdata  = r_data_q;
  assign s_axi_rresp  = 2'b00;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ar_full_q <= 1'b0;
      ar_addr_q <= '0;
      read_q    <= 1'b0;
      r_valid_q <= 1'b0;
      r_data_q  <= '0;
    end else begin
      read_q <= read_o;
      if (s_axi_arvalid && s_axi_arready) begin
        ar_full_q <= 1'b1;
        ar_addr_q <= s_axi_araddr;
      end else if (r_valid_q && s_axi_rready) begin
        ar_full_q <= 1'b0;
      end
      if (read_q) begin
        r_valid_q <= 1'b1;
        r_data_q  <= read_data_i;
      end else if (s_axi_rready) begin
        r_valid_q <= 1'b0;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{aw_addr_q[1:0], ar_addr_q[1:0]};
endmodule
