// SPDX-License-Identifier: Apache-2.0
// A byte put into a vector at a multiple of 8 bits, as Yosys reads `vector[8*n+:8] <= byte`: a comparison for each place instead
// of a shift by a number of 33 bits. Exact: places beyond the vector, or in front of it, leave zeros.
(* techmap_celltype = "$shift" *)
module byte_shift (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_B_ = 0;
  parameter _TECHMAP_CONSTVAL_B_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = A_WIDTH != 8 || A_SIGNED || !B_SIGNED || B_WIDTH < 9 || Y_WIDTH % 8 != 0 || Y_WIDTH > 8 * 2 ** (B_WIDTH - 5)
      || _TECHMAP_CONSTMSK_B_[2:0] != 7 || _TECHMAP_CONSTVAL_B_[2:0] != 0;
  genvar n;
  generate
    for (n = 0; n < Y_WIDTH / 8; n = n + 1) begin : place
      assign Y[8*n+:8] = $signed(B) == -8 * n ? A : 8'd0;
    end
  endgenerate
endmodule
