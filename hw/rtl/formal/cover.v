// SPDX-License-Identifier: Apache-2.0
// For the search of what is to be reachable: a cover becomes the assertion that it never happens.
(* techmap_celltype = "$cover" *)
module cover_to_assert (A, EN);
  input A, EN;
  \$assert _TECHMAP_REPLACE_ (.A(~A), .EN(EN));
endmodule
