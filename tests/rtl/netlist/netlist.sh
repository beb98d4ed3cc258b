#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Simulates synthesised netlists against the sources they came from, with random and corner-valued inputs.
#
#   tests/rtl/netlist/netlist.sh [-f FLOW]... [-n CYCLES] [MODULE...]
#
# FLOW: generic (synth), xilinx (synth_xilinx), ice40 (synth_ice40 -dsp); without -f, generic and xilinx. Without modules,
# all that the table below knows. Run it at the root of the checkout, after build/gen has been generated. Verilator reads
# the sources, Yosys makes the netlist and Icarus Verilog simulates it with the vectors of the first, so a construct that one
# of them misreads shows up as a difference.
#
# The sources start at 0, the netlist unknown: an unknown bit counts as a difference only in the last quarter of the run.
set -euo pipefail

flows=() cycles=2000
while getopts f:n: option; do
  case $option in
    f) flows+=("$OPTARG") ;;
    n) cycles=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ ${#flows[@]} -gt 0 ] || flows=(generic xilinx)

rtl=hw/rtl
gen=${GEN:-build/gen}
packages="$gen/tsr_isa_pkg.sv $gen/tiny/tsr_cfg_pkg.sv"
cells=${YOSYS_SHARE:-$(dirname "$(dirname "$(readlink -f "$(command -v yosys)")")")/share/yosys}
work=build/netlist
mkdir -p "$work"

# Module: parameters that keep it small without losing a path; files beside its own.
declare -A parameters=(
  [tsr_dot]="Batch=2 BlockIn=4 BlockOut=2"
  [tsr_rescale]="Channels=1 Lanes=2"
  [tsr_alu_op]="Lanes=2"
  [tsr_bank_guard]=""
  [tsr_tokens]=""
  [tsr_loop]=""
  [tsr_issue]="CtlWidth=4"
  [tsr_sram]="Depth=16 Width=64 WriteWidth=32 StrbWidth=8"
  [tsr_wgt_sram]="Depth=8 BlockIn=4 BlockOut=4 BusBytes=8"
  [tsr_inp_banks]="Entries=32 Batch=2 BlockIn=4 BusBytes=8"
  [tsr_acc_banks]="Entries=32 Width=16"
)
declare -A beside=(
  [tsr_issue]="$rtl/tsr_loop.sv"
  [tsr_inp_banks]="$rtl/lib/tsr_sram.sv"
  [tsr_acc_banks]="$rtl/lib/tsr_sram.sv"
)
modules=("$@")
[ ${#modules[@]} -gt 0 ] || mapfile -t modules < <(printf '%s\n' "${!parameters[@]}" | sort)

# Two benches from the netlist's port declarations, whose widths are plain numbers: for the sources, one that makes up inputs
# and prints them with the outputs; for the netlist, one that repeats them. Inputs change at the falling edge, outputs are
# taken just before the rising one.
write_bench() {  # module netlist kind
  awk -v module="$1" -v kind="$3" -v overrides="${parameters[$1]}" -v cycles="$cycles" -v vectors="$2.vectors" '
    $1 == "module" && $2 ~ "^" module "_netlist" { inside = 1 }
    inside && ($1 == "input" || $1 == "output") {
      width = 1; name = $2
      if ($2 ~ /^\[/) { split(substr($2, 2), range, ":"); width = range[1] + 1; name = $3 }
      sub(/;$/, "", name)
      if (name == "clk_i") { clock = ".clk_i(clk), "; next }
      if ($1 == "input") { inputs[++ins] = name; in_width[ins] = width; in_bits += width }
      else { outputs[++outs] = name; out_bits += width; out_width[outs] = width }
    }
    inside && $1 == "endmodule" { inside = 0 }
    END {
      in_list = inputs[1]; for (k = 2; k <= ins; k++) in_list = in_list ", " inputs[k]
      out_list = outputs[1]; for (k = 2; k <= outs; k++) out_list = out_list ", " outputs[k]
      ports = ""
      for (k = 1; k <= ins; k++) { ports = ports (k > 1 ? ", ." : clock ".") inputs[k] "(" inputs[k] ")"; signals = signals "  logic [" in_width[k] - 1 ":0] " inputs[k] " = 0;\n" }
      for (k = 1; k <= outs; k++) { ports = ports ", ." outputs[k] "(" outputs[k] ")"; signals = signals "  wire [" out_width[k] - 1 ":0] " outputs[k] ";\n" }
      if (kind == "netlist") netlist_bench(); else source_bench()
    }
    function source_bench(   k, name, w, count, pair, half, list) {
      count = split(overrides, pair, " ")
      for (k = 1; k <= count; k++) { split(pair[k], half, "="); list = list (k > 1 ? ", " : "") "." half[1] "(" half[2] ")" }
      printf "module bench (input logic clk);\n  int n = 0;\n%s  %s #(%s) dut (%s);\n", signals, module, list, ports
      print "  function automatic logic [31:0] word();  // corner values as often as random ones"
      print "    case ($urandom % 12)\n      0: word = 32\x27h80000000;\n      1: word = 32\x27h7fffffff;\n      2: word = 32\x27h80808080;"
      print "      3: word = 0;\n      4: word = 32\x27hffffffff;\n      5: word = 32\x27h7f7f7f7f;\n      default: word = $urandom;\n    endcase\n  endfunction"
      print "  always @(negedge clk) begin\n    n <= n + 1;"
      for (k = 1; k <= ins; k++) {
        name = inputs[k]
        if (name == "rst_ni") printf "    %s <= n >= 3 && $urandom %% 256 != 0;\n", name
        else if (name ~ /^(clear|flush|halt)_i$/) printf "    %s <= n >= 3 && $urandom %% 64 == 0;\n", name
        else if (name ~ /_count_i$|count[01]_i$/) printf "    %s <= 1 + $urandom %% 3;\n", name
        else if (name == "uop_data_i") printf "    %s <= {15\x27d0, 17\x27($urandom), $urandom} | (64\x27($urandom %% 64 == 0) << 60);\n", name
        else if (in_width[k] < 32) printf "    %s <= %d\x27($urandom);\n", name, in_width[k]
        else {
          printf "    %s <= %d\x27({", name, in_width[k]
          for (w = 0; w < in_width[k]; w += 32) printf "%sword()", w ? ", " : ""
          print "});"
        }
      }
      printf "  end\n  always @(posedge clk) begin\n    $display(\"%%h %%h\", {%s}, {%s});\n", in_list, out_list
      print "    if (n == " cycles ") $finish;\n  end\nendmodule"
    }
    function netlist_bench() {
      printf "module bench;\n  reg clk = 0;\n  integer file, n, i, got, changes = 0, bad = 0;\n%s  %s_netlist dut (%s);\n", signals, module, ports
      printf "  reg [%d:0] in;\n  reg [%d:0] want, last = 0;\n  wire [%d:0] out = {%s};\n", in_bits - 1, out_bits - 1, out_bits - 1, out_list
      printf "  initial begin\n    file = $fopen(\"%s\", \"r\");\n    for (n = 0; n <= %d; n = n + 1) begin\n", vectors, cycles
      printf "      got = $fscanf(file, \"%%h %%h\", in, want);\n      if (got != 2) n = %d;\n      else begin\n        {%s} = in;\n        #1;\n", cycles + 1, in_list
      print "        if (want !== last) changes = changes + 1;\n        last = want;"
      printf "        if (out !== want) for (i = 0; i < %d; i = i + 1)\n", out_bits
      printf "          if (out[i] !== want[i] && (n > %d || (out[i] !== 1\x27bx && out[i] !== 1\x27bz))) begin\n", int(cycles * 3 / 4)
      printf "            bad = bad + 1;\n            if (bad < 4) $display(\"cycle %%0d: bit %%0d of {%s} is %%b, not %%b\", n, i, out[i], want[i]);\n          end\n", out_list
      print "        clk = 1;\n        #1 clk = 0;\n      end\n    end"
      printf "    if (bad == 0 && changes > %d) $display(\"PASS\"); else $display(\"FAIL: %%0d differences, %%0d changes\", bad, changes);\n", int(cycles / 8)
      print "    $finish;\n  end\nendmodule"
    }' "$2"
}

cat > "$work/main.cpp" <<'END'
#include "Vbench.h"
#include "verilated.h"
double sc_time_stamp() { return 0; }
int main() {
    Vbench bench;
    while (!Verilated::gotFinish()) {
        bench.clk = !bench.clk;
        bench.eval();
    }
}
END

status=0
for module in "${modules[@]}"; do
  [ -n "${parameters[$module]+known}" ] || { echo "netlist.sh: no parameters known for $module" >&2; exit 2; }
  source=$rtl/$module.sv
  [ -f "$source" ] || source=$rtl/lib/$module.sv
  set_parameters=""
  for p in ${parameters[$module]}; do set_parameters+=" -chparam ${p/=/ }"; done
  for flow in "${flows[@]}"; do
    case $flow in
      generic) synth="synth -flatten -top $module" library="" ;;
      xilinx) synth="synth_xilinx -flatten -top $module" library=$cells/xilinx/cells_sim.v ;;
      ice40) synth="synth_ice40 -dsp -flatten -top $module" library=$cells/ice40/cells_sim.v ;;
      *) echo "netlist.sh: unknown flow $flow" >&2; exit 2 ;;
    esac
    netlist=$work/$module.$flow.v
    yosys -q -l "$work/$module.$flow.log" -p "read_verilog -sv $packages $source ${beside[$module]:-}; hierarchy -check -top $module $set_parameters; rename -top $module; $synth; rename -top ${module}_netlist; write_verilog -noattr $netlist" > /dev/null
    dir=$work/$module.$flow
    write_bench "$module" "$netlist" source > "$dir.source.sv"
    write_bench "$module" "$netlist" netlist > "$dir.bench.v"
    # shellcheck disable=SC2086
    verilator --cc --exe --build -O1 --x-assign 0 --x-initial 0 -Wno-fatal -Wno-lint -Wno-style +define+TSR_SRAM_PORTABLE \
      --top-module bench -Mdir "$dir" $packages ${beside[$module]:-} "$source" "$dir.source.sv" "$PWD/$work/main.cpp" \
      -MAKEFLAGS "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0" > "$dir.verilator.log" 2>&1 || { tail -20 "$dir.verilator.log" >&2; exit 1; }
    "$dir/Vbench" | grep -v '^- ' > "$netlist.vectors"
    # shellcheck disable=SC2086
    iverilog -g2012 -o "$dir.vvp" -s bench "$dir.bench.v" "$netlist" $library
    result=$(vvp -n "$dir.vvp")
    printf '%-16s %-8s %s\n' "$module" "$flow" "$result"
    [ "${result##*$'\n'}" = PASS ] || status=1
  done
done
exit $status
