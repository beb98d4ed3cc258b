# SPDX-License-Identifier: Apache-2.0
# Of Yosys' simulation models of Xilinx cells those that netlists of the core use, without their `specify` blocks. CARRY4 is written
# anew with a wire for each carry: in a vector Verilator sees a loop of each carry through itself, and settles it by repetition.
BEGIN {
    n = split("LUT1 LUT2 LUT3 LUT4 LUT5 LUT6 MUXF7 MUXF8 FDRE FDSE INV DSP48E1 RAM32M RAM64M RAM32X1D RAM64X1D RAM128X1D SRL16E SRLC32E", name, " ")
    for (i = 1; i <= n; i++) wanted[name[i]] = 1
    print "module CARRY4(output [3:0] CO, O, input CI, CYINIT, input [3:0] DI, S);"
    print "  wire c0 = S[0] ? CI | CYINIT : DI[0], c1 = S[1] ? c0 : DI[1], c2 = S[2] ? c1 : DI[2], c3 = S[3] ? c2 : DI[3];"
    print "  assign CO = {c3, c2, c1, c0};"
    print "  assign O = S ^ {c2, c1, c0, CI | CYINIT};"
    print "endmodule"
}
/^module / { this = $2; sub(/\(.*/, "", this); on = this in wanted }
/^ *specify/ { skip = 1 }
on && !skip
/^ *endspecify/ { skip = 0 }
/^endmodule/ { on = 0 }
