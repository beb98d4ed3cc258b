// SPDX-License-Identifier: Apache-2.0
// The rules of an AXI4 master port without IDs, seen from outside. Sections are those of the AMBA AXI and ACE Protocol
// Specification, ARM IHI 0022E; rules without one are promises of this core. In proofs the memory's part (AXIM_A*) is
// assumed, in simulation it is checked as well.
//
//     master --- AR, R, AW, W, B ---> memory
//                      |
//              axi_master_checker
//
// A burst of each kind is picked and followed: in proofs by the solver, so that it stands for all of them; in simulation
// each of Trackers pickers takes every Trackers-th burst, so that with Trackers = MaxBursts all are followed.
`ifdef FORMAL
`define AXIM_ALWAYS always_comb
`define AXIM_MEMORY assume
`else
`define AXIM_ALWAYS always_ff @(posedge clk_i)
`define AXIM_MEMORY assert
`endif
module axi_master_checker #(
    parameter int unsigned DataBytes = 8,
    parameter int unsigned MaxBeats  = 16,
    parameter int unsigned MaxBursts = 4,
    parameter int unsigned Trackers  = 1
) (
    input logic                   clk_i,
    input logic                   rst_ni,
    input logic                   drain_i,      // no burst may begin
    input logic [63:0]            araddr,
    input logic [7:0]             arlen,
    input logic [2:0]             arsize,
    input logic [1:0]             arburst,
    input logic                   arvalid,
    input logic                   arready,
    input logic                   rlast,
    input logic                   rvalid,
    input logic                   rready,
    input logic [63:0]            awaddr,
    input logic [7:0]             awlen,
    input logic [2:0]             awsize,
    input logic [1:0]             awburst,
    input logic                   awvalid,
    input logic                   awready,
    input logic [8*DataBytes-1:0] wdata,
    input logic [DataBytes-1:0]   wstrb,
    input logic                   wlast,
    input logic                   wvalid,
    input logic                   wready,
    input logic                   bvalid,
    input logic                   bready
);
  localparam int unsigned OffW = $clog2(DataBytes);
  localparam int unsigned CntW = $clog2(MaxBursts) + 2;

  logic             up_q = 1'b0;                     // a reset has been seen
  logic             reset_q, drain_q, ar_wait_q, aw_wait_q, w_wait_q;
  logic [76:0]      ar, aw, ar_q, aw_q;
  logic [9*DataBytes:0] w, w_q;
  logic             ar_new, aw_new;                  // a burst is offered in this cycle for the first time
  logic [CntW-1:0]  r_open_q, b_open_q, w_open_q;    // offered bursts without their last R, their B, their last W
  logic [CntW-1:0]  r_due_q, aw_due_q, w_due_q;      // accepted bursts without their last R; AW, last W accepted without B
  logic [12:0]      ar_end, aw_end;                  // behind the last byte, counted from the 4 KiB page
  assign ar     = {arburst, arsize, arlen, araddr};
  assign aw     = {awburst, awsize, awlen, awaddr};
  assign w      = {wlast, wstrb, wdata};
  assign ar_new = arvalid && !ar_wait_q;
  assign aw_new = awvalid && !aw_wait_q;
  assign ar_end = 13'(araddr[11:0]) + (13'(arlen) + 13'd1) * 13'(DataBytes);
  assign aw_end = 13'(awaddr[11:0]) + (13'(awlen) + 13'd1) * 13'(DataBytes);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) up_q <= 1'b1;
    reset_q   <= !rst_ni;
    drain_q   <= rst_ni && drain_i;
    ar_wait_q <= rst_ni && arvalid && !arready;
    aw_wait_q <= rst_ni && awvalid && !awready;
    w_wait_q  <= rst_ni && wvalid && !wready;
    ar_q      <= ar;
    aw_q      <= aw;
    w_q       <= w;
    if (!rst_ni) begin
      r_open_q <= '0;
      b_open_q <= '0;
      w_open_q <= '0;
      r_due_q  <= '0;
      aw_due_q <= '0;
      w_due_q  <= '0;
    end else begin
      r_open_q <= r_open_q + CntW'(ar_new) - CntW'(rvalid && rready && rlast);
      r_due_q  <= r_due_q + CntW'(arvalid && arready) - CntW'(rvalid && rready && rlast);
      b_open_q <= b_open_q + CntW'(aw_new) - CntW'(bvalid && bready);
      w_open_q <= w_open_q + CntW'(aw_new) - CntW'(wvalid && wready && wlast);
      aw_due_q <= aw_due_q + CntW'(awvalid && awready) - CntW'(bvalid && bready);
      w_due_q  <= w_due_q + CntW'(wvalid && wready && wlast) - CntW'(bvalid && bready);
    end
  end

  `AXIM_ALWAYS if (up_q && rst_ni) begin
    if (rvalid) AXIM_A1: `AXIM_MEMORY (r_due_q != 0);
    if (bvalid) AXIM_A2: `AXIM_MEMORY (aw_due_q != 0 && w_due_q != 0);

    if (ar_wait_q) AXIM_1: assert (arvalid && ar == ar_q);
    if (aw_wait_q) AXIM_2: assert (awvalid && aw == aw_q);
    if (w_wait_q) AXIM_3: assert (wvalid && w == w_q);
    if (reset_q) AXIM_4: assert (!arvalid && !awvalid && !wvalid);
    if (arvalid) AXIM_5a: assert (ar_end <= 13'd4096);
    if (awvalid) AXIM_5b: assert (aw_end <= 13'd4096);
    if (arvalid) AXIM_6a: assert (arburst == 2'b01 && 32'(arsize) == OffW && araddr[OffW-1:0] == 0 && 32'(arlen) < MaxBeats);
    if (awvalid) AXIM_6b: assert (awburst == 2'b01 && 32'(awsize) == OffW && awaddr[OffW-1:0] == 0 && 32'(awlen) < MaxBeats);
    if (wvalid) AXIM_8: assert (w_open_q != 0 || aw_new);
    if (ar_new) AXIM_9a: assert (32'(r_open_q) < MaxBursts);
    if (aw_new) AXIM_9b: assert (32'(b_open_q) < MaxBursts);
    if (rvalid) AXIM_10a: assert (rready);
    if (bvalid) AXIM_10b: assert (bready);
    if (drain_q) AXIM_11: assert (!ar_new && !aw_new);
  end

  for (genvar t = 0; t < Trackers; t++) begin : g_burst
    logic            pick_r, pick_w;
    logic            r_in_q, w_in_q;                  // a burst is followed
    logic [CntW-1:0] r_ahead_q, w_ahead_q;            // bursts in front of it
    logic [7:0]      r_len_q, w_len_q, r_beat_q, w_beat_q;
`ifdef FORMAL
    (* anyseq *) logic any_r;
    (* anyseq *) logic any_w;
    assign pick_r = any_r;
    assign pick_w = any_w;
`else
    localparam int unsigned TurnW = Trackers > 1 ? $clog2(Trackers) : 1;
    logic [TurnW-1:0] r_turn_q, w_turn_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        r_turn_q <= '0;
        w_turn_q <= '0;
      end else begin
        if (ar_new) r_turn_q <= (32'(r_turn_q) == Trackers - 1) ? '0 : r_turn_q + TurnW'(1);
        if (aw_new) w_turn_q <= (32'(w_turn_q) == Trackers - 1) ? '0 : w_turn_q + TurnW'(1);
      end
    end
    assign pick_r = 32'(r_turn_q) == t;
    assign pick_w = 32'(w_turn_q) == t;
`endif

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        r_in_q    <= 1'b0;
        w_in_q    <= 1'b0;
        r_ahead_q <= '0;
        w_ahead_q <= '0;
        r_len_q   <= '0;
        w_len_q   <= '0;
        r_beat_q  <= '0;
        w_beat_q  <= '0;
      end else begin
        if (!r_in_q) begin
          if (ar_new && pick_r) begin
            r_in_q    <= 1'b1;
            r_len_q   <= arlen;
            r_beat_q  <= '0;
            r_ahead_q <= r_open_q - CntW'(rvalid && rready && rlast);
          end
        end else if (rvalid && rready) begin
          if (r_ahead_q != 0) r_ahead_q <= r_ahead_q - CntW'(rlast);
          else if (rlast) r_in_q <= 1'b0;
          else r_beat_q <= r_beat_q + 8'd1;
        end
        if (!w_in_q) begin
          if (aw_new && pick_w) begin
            w_in_q    <= 1'b1;
            w_len_q   <= awlen;
            w_beat_q  <= '0;
            w_ahead_q <= w_open_q - CntW'(wvalid && wready && wlast);
          end
        end else if (wvalid && wready) begin
          if (w_ahead_q != 0) w_ahead_q <= w_ahead_q - CntW'(wlast);
          else if (wlast) w_in_q <= 1'b0;
          else w_beat_q <= w_beat_q + 8'd1;
        end
      end
    end

    `AXIM_ALWAYS if (up_q && rst_ni) begin
      if (r_in_q && r_ahead_q == 0 && rvalid) AXIM_A3: `AXIM_MEMORY (rlast == (r_beat_q == r_len_q));
      if (w_in_q && w_ahead_q == 0 && wvalid) AXIM_7: assert (wlast == (w_beat_q == w_len_q));
    end
`ifdef FORMAL
    always_comb if (up_q && rst_ni) begin
      cover_AXIM_7: cover (w_in_q && w_ahead_q == 0 && wvalid && wlast && w_len_q == 8'd1 && w_open_q == 2);
    end
`endif
  end

`ifdef FORMAL
  // For the invariants of the modules around this one.
  logic            fv_up, fv_in;
  logic [CntW-1:0] fv_ahead;
  logic [7:0]      fv_len, fv_beat;
  assign fv_up    = up_q;
  assign fv_in    = g_burst[0].w_in_q;
  assign fv_ahead = g_burst[0].w_ahead_q;
  assign fv_len   = g_burst[0].w_len_q;
  assign fv_beat  = g_burst[0].w_beat_q;

  always_comb if (up_q && rst_ni) begin
    cover_AXIM_1: cover (ar_wait_q && arready && araddr[12]);
    cover_AXIM_2: cover (aw_wait_q && awready && awaddr[12]);
    cover_AXIM_3: cover (w_wait_q && wready && &wstrb && wdata[7:0] == 8'h5a);
    cover_AXIM_4: cover (reset_q && aw_q[12] && !awvalid);
    cover_AXIM_5: cover (awvalid && aw_end == 13'd4096 && arvalid && ar_end == 13'd4096 && arlen != 0);
    cover_AXIM_6: cover (arvalid && 32'(arlen) == MaxBeats - 1);
    cover_AXIM_8: cover (wvalid && w_open_q == 0 && aw_new || wvalid && w_open_q == 1);
    cover_AXIM_9: cover (32'(r_open_q) == MaxBursts && 32'(b_open_q) == MaxBursts);
    cover_AXIM_10: cover (rvalid && bvalid);
    cover_AXIM_11: cover (drain_q && r_open_q == 1 && b_open_q == 1);
  end
`endif
endmodule
