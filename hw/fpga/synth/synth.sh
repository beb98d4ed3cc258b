#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Maps the core to a Xilinx family with Yosys: synth.sh FAMILY MULTIPLIER TOP OUT FILE... writes OUT.blif (with its hierarchy, for
# synth_report) and OUT.v (for simulation).
#
# FAMILY: xc7, xcup. MULTIPLIER: packed (two int8 products a DSP block; the caller passes hw/rtl/packed instead of tsr_dot.sv),
# plain (one), lut (tsr_dot without DSP blocks). The passes are those of synth_xilinx without `share`, which takes a third of the
# time and finds nothing to share here.
set -euo pipefail
family=$1 multiplier=$2 top=$3 out=$4
shift 4
options="-family $family -top $top -noiopad -noclkbuf"
soft=""
[ "$multiplier" != lut ] || soft="select *tsr_dot*/t:\$mul
chtype -set \$__soft_mul
select -clear"
mkdir -p "$(dirname "$out")"
rm -f "$out.blif" "$out.v"
cat > "$out.ys" <<END
read_verilog -sv $*
synth_xilinx $options -run begin:map_dsp
$soft
synth_xilinx $options -run map_dsp:coarse
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt
memory -nomap
opt_clean
synth_xilinx $options -run map_memory:check
check -assert
write_blif -cname -param $out.blif.part
write_verilog -noattr $out.v.part
END
if ! yosys -q -l "$out.log" -s "$out.ys" > "$out.out" 2>&1; then
  grep -m 5 ERROR "$out.log" || tail -n 3 "$out.out"
  exit 1
fi
mv "$out.blif.part" "$out.blif"
# Contents of memories at power-up are unknown, and the simulation models of tests/rtl/netlist take none.
sed '/^ *\.INITP\?_[0-9A-F][0-9A-F](/d' "$out.v.part" > "$out.v"
rm -f "$out.v.part"
