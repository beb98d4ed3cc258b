#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Maps the core to a Xilinx family with Yosys: synth.sh FAMILY MULTIPLIER TOP OUT FILE... writes OUT.blif (with its hierarchy, for
# synth_report) and OUT.v (for simulation).
#
# FAMILY: xc7, xcup. MULTIPLIER: packed (two int8 products a DSP block; the caller passes hw/rtl/packed instead of tsr_dot.sv),
# plain (one), lut (tsr_dot without DSP blocks). PARAMETERS="NAME=VALUE ...", from the environment, replace those of TOP.
#
# The passes are those of synth_xilinx but for two things:
# - no `share`, which takes a third of the time and finds nothing to share here;
# - block RAMs are mapped with a corrected rule. That of Yosys up to 0.64 takes the parity inputs of the upper half of a word of
#   72 bits from the lower half: bits 44, 53, 62 and 71 of such a memory are stored as 8, 17, 26 and 35 (YosysHQ/yosys pull
#   request 5833). Nothing reports it; netlist.sh -f mapped tsr_fifo_ram sees it.
set -euo pipefail
family=$1 multiplier=$2 top=$3 out=$4
shift 4
options="-family $family -top $top -noiopad -noclkbuf"
parameters=""
for p in ${PARAMETERS-}; do parameters+=" -set ${p/=/ }"; done
share=$(dirname "$(dirname "$(readlink -f "$(command -v yosys)")")")/share/yosys
case $family in
  xc7) ram_map=brams_xc6v_map.v ram_library="-lib +/xilinx/lutrams_xc5v.txt -lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_CASCADE -D HAS_CONFLICT_BUG -D HAS_MIXWIDTH_SDP" ;;
  xcup) ram_map=brams_xcu_map.v ram_library="-lib +/xilinx/lutrams_xcu.txt -lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_MIXWIDTH_SDP -D HAS_ADDRCE" ;;
  *) echo "synth.sh: unknown family $family" >&2; exit 2 ;;
esac
soft=""
[ "$multiplier" != lut ] || soft="select *tsr_dot*/t:\$mul
chtype -set \$__soft_mul
select -clear"
mkdir -p "$(dirname "$out")"
rm -f "$out.blif" "$out.v"
sed 's/PORT_W_WIDTH == 71/PORT_W_WIDTH == 72/' "$share/xilinx/$ram_map" > "$out.ram_map.v"
cat > "$out.ys" <<END
read_verilog -sv $*
${parameters:+chparam$parameters $top}
synth_xilinx $options -run begin:map_dsp
$soft
synth_xilinx $options -run map_dsp:coarse
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt
memory -nomap
opt_clean
memory_libmap -logic-cost-rom 0.015625 $ram_library
techmap -map +/xilinx/lutrams_xc5v_map.v
techmap -I $share/xilinx -map $out.ram_map.v
synth_xilinx $options -run map_ffram:check
check -assert
write_blif -cname -param $out.blif.part
splitnets w:\$*
write_verilog -noattr $out.v.part
END
if ! yosys -q -l "$out.log" -s "$out.ys" > "$out.out" 2>&1; then
  grep -m 5 ERROR "$out.log" || tail -n 3 "$out.out"
  exit 1
fi
mv "$out.blif.part" "$out.blif"
# Contents of memories at power-up are unknown, and the simulation models of tests/rtl/netlist take none. Nets that Yosys made
# are split into bits before: of a carry chain in one vector Verilator thinks that each carry depends on itself.
sed '/^ *\.INITP\?_[0-9A-F][0-9A-F](/d' "$out.v.part" > "$out.v"
rm -f "$out.v.part" "$out.ram_map.v"
