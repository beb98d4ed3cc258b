# SPDX-License-Identifier: Apache-2.0
# Of Yosys' simulation models of Xilinx cells those that netlists of the core use, without their `specify` blocks.
BEGIN {
    n = split("LUT1 LUT2 LUT3 LUT4 LUT5 LUT6 MUXF7 MUXF8 CARRY4 FDRE FDSE INV DSP48E1 RAM32M RAM64M RAM32X1D RAM64X1D RAM128X1D SRL16E SRLC32E", name, " ")
    for (i = 1; i <= n; i++) wanted[name[i]] = 1
}
/^module / { this = $2; sub(/\(.*/, "", this); on = this in wanted }
/^ *specify/ { skip = 1 }
on && !skip
/^ *endspecify/ { skip = 0 }
/^endmodule/ { on = 0 }
