#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The synthesis flow in seconds: synth_report on a netlist whose figures are worked out by hand, the checks on its table, and one
# small module through Yosys.
set -u
build=${BUILD:-build}
here=hw/fpga/synth
work=$(mktemp -d "$build/synth_test.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
check() {  # name command...
  local name=$1
  shift
  if "$@" > "$work/out" 2>&1; then
    passed=$((passed + 1))
    echo "PASS $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name: $(head -n 5 "$work/out")"
  fi
}
report() { "$build/bin/synth_report" "$@"; }

# Two instances of a module with a LUT, an INV and a flip-flop each; the top has a chain of three LUTs from a block RAM to a
# flip-flop, a RAMB18, a DSP block and a distributed memory of four LUTs.
cat > "$work/hand.blif" <<'END'
.model top
.inputs clk_i a
.outputs y
.names $false
.names $true
1
.names $undef
.subckt RAMB36E1 CLKARDCLK=clk_i ADDRARDADDR[0]=a DOADO[0]=m
.cname ram
.subckt RAMB18E1 CLKARDCLK=clk_i ADDRARDADDR[0]=a
.cname half
.subckt LUT2 I0=m I1=a O=p
.cname l1
.subckt LUT2 I0=p2 I1=a O=q
.cname l2
.subckt LUT6 I0=q O=r
.cname l3
.subckt FDRE C=clk_i CE=$true D=r Q=s R=$false
.cname f
.subckt DSP48E1 A[0]=s P[0]=t
.cname d
.param PREG 00000000000000000000000000000000
.subckt RAM32M WCLK=clk_i DIA[0]=t ADDRA[0]=s DOA[0]=u
.cname lutram
.subckt $paramod$1234\leaf clk_i=clk_i d=u q=v
.cname one
.subckt $paramod$1234\leaf clk_i=clk_i d=v q=y
.cname two
.names p p2
1 1
.end
.model $paramod$1234\leaf
.inputs clk_i d
.outputs q
.subckt INV I=d O=n
.cname i
.subckt LUT1 I0=n O=k
.cname l
.subckt FDRE C=clk_i CE=$true D=k Q=q R=$false
.cname f
.end
END
hand() {
  local csv=$work/hand.csv
  rm -f "$csv"
  report xc7 hand 0 packed "$work/hand.blif" "$csv" || return 1
  # Top: 2.454 + 3 nets of 0.55 and LUTs of 0.124, another net, setup 0.10.
  grep -qx '0,hand,xc7,top,7,1,1,1.5,0,5.13,3,packed' "$csv" || { cat "$csv"; return 1; }
  grep -qx '0,hand,xc7,leaf,4,2,0,0.0,0,.*,packed' "$csv" || { cat "$csv"; return 1; }
  grep -qx '0,hand,xc7,total,11,3,1,1.5,0,.*,packed' "$csv" || { cat "$csv"; return 1; }
}
check figures_of_a_netlist_made_by_hand hand

refuses() {
  ! report xc7 hand 0 packed "$work/nothing.blif" "$work/no.csv" 2>/dev/null || return 1
  echo nonsense > "$work/bad.blif"
  ! report xc7 hand 0 packed "$work/bad.blif" "$work/no.csv" 2>/dev/null || return 1
  ! report xc9 hand 0 packed "$work/hand.blif" "$work/no.csv" 2>/dev/null
}
check what_is_no_netlist_or_no_family_is_refused refuses

head='commit,config,family,module,lut,ff,dsp,bram36,uram,longest_path,levels,multiplier'
fit() {  # lut longest_path
  printf '%s\nx,pynq,xc7,total,%s,20000,214,127.5,0,%s,20,packed\n' "$head" "$1" "$2" > "$work/fit.csv"
  printf '%s\nx,pynq,xc7,total,50000,20000,214,127.5,0,18.0,20,packed\n' "$head" > "$work/recorded.csv"
  awk -v recorded="$work/recorded.csv" -f $here/fit.awk $here/parts.txt "$work/fit.csv"
}
check as_recorded_and_small_enough_passes fit 50000 18.0
check a_core_too_large_for_the_part_fails eval '! fit 53201 18.0'
check two_percent_more_luts_fail eval '! fit 51001 18.0'
check a_path_five_percent_longer_fails eval '! fit 50000 18.95'
check recorded_totals_are_well_formed awk -F, 'NR == 1 { ok = $0 == "'$head'" } NR > 1 && (NF != 12 || $4 != "total" || $5 < 1000 || $10 < 1) { ok = 0 } END { exit !(ok && NR > 1) }' $here/recorded.csv

if command -v yosys >/dev/null; then
  flow() {
    $here/synth.sh xc7 packed tsr_dot_pair "$work/pair" hw/rtl/packed/tsr_dot_pair.sv || return 1
    report xc7 pair 0 packed "$work/pair.blif" "$work/pair.csv" || return 1
    grep -qx '0,pair,xc7,total,0,0,1,0.0,0,.*,packed' "$work/pair.csv" || { cat "$work/pair.csv"; return 1; }
  }
  check two_products_take_one_dsp_block flow
else
  echo "SKIP two_products_take_one_dsp_block: yosys is not installed (make packages)"
  skipped=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
