#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Simulates synthesised netlists against the sources they came from, with random and corner-valued inputs.
#
#   tests/rtl/netlist/netlist.sh [-a] [-f FLOW]... [-n CYCLES] [MODULE...]
#
# FLOW: generic (synth, but memories stay memories), xilinx (synth_xilinx -nobram: Yosys has no simulation model of those
# block RAMs), ice40 (synth_ice40 -dsp), mapped (what hw/fpga/synth maps to 7-series parts, block RAMs and all, with the models
# of xilinx_ram.v); without -f, generic, and of tsr_fifo_ram also mapped. Without modules, those of the table below that are quick
# (-a: all); `make netlists` runs all, and the whole core is in `make test` too. Run it at the root of the checkout, after
# build/gen has been generated. Verilator reads the sources, Yosys makes the netlist and Icarus Verilog simulates it with the
# vectors of the first, so a construct that one of them misreads shows up as a difference.
#
# The first cycles are reset and not compared. The sources start at 0, the netlist unknown: an unknown bit counts as a
# difference only in the last quarter of the run.
set -euo pipefail

flows=() cycles=2000 all=0
while getopts af:n: option; do
  case $option in
    f) flows+=("$OPTARG") ;;
    n) cycles=$OPTARG ;;
    a) all=1 ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
given=${#flows[@]}
[ "$given" -gt 0 ] || flows=(generic)

rtl=hw/rtl
gen=${GEN:-build/gen}
packages="$gen/tsr_isa_pkg.sv $gen/tiny/tsr_cfg_pkg.sv"
jobs=${JOBS:-2}

# Module: parameters that keep it small without losing a path. packed_NAME: the netlist is of packed/NAME.sv, and what it is
# compared with is NAME.sv.
declare -A parameters=(
  [tsr_dot]="Batch=2 BlockIn=4 BlockOut=2"
  [packed_tsr_dot]="Batch=2 BlockIn=4 BlockOut=2"
  [tsr_rescale]="Channels=1 Lanes=2"
  [tsr_alu_op]="Lanes=2"
  [tsr_alu_lane]=""
  [tsr_alu_add]=""
  [tsr_alu_less]=""
  [tsr_alu_range]=""
  [tsr_alu_clamp]=""
  [tsr_alu_shift]=""
  [tsr_gemm]="BlockIn=2 BlockOut=2"
  [tsr_gemm_add]=""
  [tsr_alu]="BlockIn=2 BlockOut=2"
  [tsr_bank_guard]=""
  [tsr_tokens]=""
  [tsr_loop]=""
  [tsr_issue]="CtlWidth=4"
  [tsr_sram]="Depth=16 Width=64 WriteWidth=32 StrbWidth=8"
  [tsr_wgt_sram]="Depth=8 BlockIn=4 BlockOut=4 BusBytes=8"
  [tsr_inp_banks]="Entries=32 Batch=2 BlockIn=4 BusBytes=8"
  [tsr_acc_banks]="Entries=32 Width=16"
  [tsr_buffers]="Batch=2 UopBytes=64 InpBytes=256 WgtBytes=128 AccBytes=512 OutBytes=128 ParBytes=192"
  [tsr_fifo]="Width=9 Depth=4"
  [tsr_fifo_ram]="Width=72 Depth=256"
  [tsr_queue_ahead]="Width=9 Depth=4"
  [tsr_chunks]="CountW=10"
  [tsr_burst]="MaxBeats=16"
  [tsr_realign]=""
  [tsr_realign_enough]=""
  [tsr_axi_read]=""
  [tsr_axi_write]=""
  [tsr_axi_lite]=""
  [tsr_control]=""
  [tsr_run]=""
  [tsr_counters]="CountW=12"
  [tsr_unit_counters]="CountW=12"
  [tsr_cut]="Regions=2 UserW=4"
  [tsr_reader]="FifoWords=128 Regions=2 UserW=4"
  [tsr_fetch]=""
  [tsr_dispatch]=""
  [tsr_regions]=""
  [tsr_runs]="DiagShift=4"
  [tsr_run_offset]=""
  [tsr_load]=""
  [tsr_store]=""
)
slow=" tsr_alu tsr_buffers tsr_dispatch tsr_fetch tsr_load tsr_reader tsr_store "
modules=("$@")
if [ ${#modules[@]} -eq 0 ]; then
  mapfile -t known < <(printf '%s\n' "${!parameters[@]}" | sort)
  for module in "${known[@]}"; do
    [ $all = 0 ] && [[ $slow == *" $module "* ]] || modules+=("$module")
  done
fi
for module in "${modules[@]}"; do
  [ -n "${parameters[$module]+known}" ] || { echo "netlist.sh: no parameters known for $module" >&2; exit 2; }
done
runs=()  # module flow
for flow in "${flows[@]}"; do
  for module in "${modules[@]}"; do
    runs+=("$module $flow")
    [ "$given$module" != 0tsr_fifo_ram ] || runs+=("$module mapped")
  done
done
for tool in yosys iverilog verilator; do
  if ! command -v $tool >/dev/null; then
    echo "SKIP netlists of ${#modules[@]} modules: $tool is not installed (make packages)"
    echo "0 passed, 0 failed, ${#runs[@]} skipped"
    exit 0
  fi
done
cells=${YOSYS_SHARE:-$(dirname "$(dirname "$(readlink -f "$(command -v yosys)")")")/share/yosys}
mkdir -p build/netlist
work=$(mktemp -d build/netlist/modules.XXXXXX)

# The files of a module and of those that it is made of, packed ones before others.
files_of() {  # module
  local queue=("$1") seen="" files=() name file
  while [ ${#queue[@]} -gt 0 ]; do
    name=${queue[0]}
    queue=("${queue[@]:1}")
    [[ " $seen " != *" $name "* ]] || continue
    seen+=" $name"
    file=$rtl/packed/$name.sv
    [ -f "$file" ] || file=$rtl/$name.sv
    [ -f "$file" ] || file=$rtl/lib/$name.sv
    files+=("$file")
    # shellcheck disable=SC2207
    queue+=($(grep -oE '^ *tsr_[a-z_]+ +(#|u_)' "$file" | awk '{ print $1 }' || true))
  done
  echo "${files[@]}"
}

# The netlist of one module; Yosys looks for the modules in it by itself.
synthesise() {  # module flow overrides
  local netlist=$work/$1.$2.v command set_parameters="" p
  for p in $3; do set_parameters+=" -chparam ${p/=/ }"; done
  case $2 in
    generic) command="synth -noshare -flatten -top ${1#packed_} -run begin:fine; opt -fast -full; opt -undriven -fine; techmap; opt -fast; abc -fast; opt_clean" ;;
    xilinx) command="synth_xilinx -nobram -flatten -top ${1#packed_}" ;;
    ice40) command="synth_ice40 -dsp -flatten -top ${1#packed_}" ;;
    mapped) command="" ;;
    *) echo "netlist.sh: unknown flow $2" >&2; exit 2 ;;
  esac
  local name=${1#packed_} folder=$rtl
  [ "$name" = "$1" ] || folder=$rtl/packed
  local source=$folder/$name.sv
  [ -f "$source" ] || source=$rtl/lib/$name.sv
  rm -f "$netlist"
  if [ "$2" = mapped ]; then
    # shellcheck disable=SC2046,SC2086
    PARAMETERS=$3 hw/fpga/synth/synth.sh xc7 packed "$name" "$work/$1.map" $packages $(files_of "$name") \
      > "${netlist%.v}.out" 2>&1 && sed "s/^module $name\\b/module $1_netlist/" "$work/$1.map.v" > "$netlist"
    return 0
  fi
  yosys -q -l "${netlist%.v}.log" -p "read_verilog -sv $packages $source; hierarchy -check -top $name $set_parameters -libdir $folder -libdir $rtl -libdir $rtl/lib; rename -top $name; $command; rename -top $1_netlist; write_verilog -noattr $netlist" >"${netlist%.v}.out" 2>&1 ||
    { rm -f "$netlist"; tail -n 3 "${netlist%.v}.out"; }
}
export -f synthesise files_of
export work rtl packages
for run in "${runs[@]}"; do
  read -r module flow <<< "$run"
  printf '%s\0%s\0%s\0' "$module" "$flow" "${parameters[$module]}"
done | xargs -0 -n 3 -P "$jobs" bash -c 'synthesise "$@"' _

# Two benches from the netlist's port declarations, whose widths are plain numbers: for the sources, one that makes up inputs
# and prints them with the outputs; for the netlist, one that repeats them. Inputs change at the falling edge, outputs are
# taken just before the rising one.
write_bench() {  # module netlist kind
  awk -v module="$1" -v kind="$3" -v overrides="${parameters[$1]}" -v cycles="$cycles" -v vectors="$work/$1.vectors" '
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
    # What an input becomes, and how often (every n-th cycle), where plain random bits would hardly get anywhere.
    function stimulus(name, width,   w, list) {
      often = 1
      if (name == "rst_ni") return "n >= 3 && $urandom % " (module == "tsr_dispatch" ? 64 : 256) " != 0"
      if (module == "tsr_dispatch" && name == "start_i") return "n >= 3 && $urandom % 4 == 0"
      if (name == "insn_offset_i") return "$urandom % 16 * 32"
      if (name == "insn_count_i") return "1000"
      if (name == "pending_i") return width "\x27($urandom & $urandom & $urandom & $urandom)"
      if (module == "tsr_buffers" && name ~ /plane_i$/) return "$urandom % 2"
      if (name ~ /^(clear|flush|halt|abort|start|soft_reset)_i$/) return "n >= 3 && $urandom % 64 == 0"
      if (name ~ /^lo[0-9]*_i$/) return "-($urandom % 32768)"
      if (name ~ /^hi[0-9]*_i$/) return "$urandom % 32768"
      if (module ~ /tsr_dot$/ && name ~ /^en_/) return "n < 8 || $urandom % 4 != 0"  # a register that was never loaded is not looked at
      if (name == "fault_valid_i") return "$urandom % 64 == 0 ? 5\x27($urandom) : 5\x27d0"
      if (module == "tsr_runs" && name == "run_i") return "1 + $urandom % 40"
      if (name ~ /_(count|steps)_i$|count[01]_i$/) return "1 + $urandom % 3"
      if (name ~ /beats_i$/) return "1 + $urandom % 8"
      if (name ~ /_(length|bytes)_i$/) return "1 + $urandom % 8"
      if (name ~ /^(write|read)_addr_i$/) return "$urandom % 4 * 64 + $urandom % 20 * 4"
      if (name == "uop_data_i") return "{15\x27d0, 17\x27($urandom), $urandom} & ($urandom % 4 == 0 ? 64\x27hffffffffffffffff : 64\x27h0001001f007f003f) | (64\x27($urandom % 64 == 0) << 60)"
      if (name ~ /^(insn|ahead|back)_i$/ && width >= 256 && module != "tsr_queue_ahead") {
        often = 3
        if (module == "tsr_dispatch") return "insn(1 + $urandom % 4, $urandom % 8 == 0)"
        if (module == "tsr_gemm") return "insn(3, 0)"
        if (module == "tsr_alu") return "insn(4, 0)"
        return width "\x27({2\x27($urandom), 32\x27(1 + $urandom % 256), 32\x27(1 + $urandom % 512), $urandom, insn(" (module == "tsr_load" ? 1 : 2) ", 0)})"
      }
      if (name == "seg_size_i") { often = 50; return "{32\x27($urandom), 32\x27d1000, 32\x27d100000, 32\x27hffffffff}" }
      if (width < 32) return width "\x27($urandom)"
      for (w = 0; w < width; w += 32) list = list (w ? ", " : "") "word()"
      return width "\x27({" list "})"
    }
    function source_bench(   k, count, pair, half, list, value) {
      count = split(overrides, pair, " ")
      for (k = 1; k <= count; k++) { split(pair[k], half, "="); list = list (k > 1 ? ", " : "") "." half[1] "(" half[2] ")" }
      real = module
      sub(/^packed_/, "", real)
      printf "module bench_%s (input logic clk);\n  int n = 0, file;\n%s  %s #(%s) dut (%s);\n", module, signals, real, list, ports
      print "  function automatic logic [31:0] word();  // corner values as often as random ones"
      print "    case ($urandom % 12)\n      0: word = 32\x27h80000000;\n      1: word = 32\x27h7fffffff;\n      2: word = 32\x27h80808080;"
      print "      3: word = 0;\n      4: word = 32\x27hffffffff;\n      5: word = 32\x27h7f7f7f7f;\n      default: word = $urandom;\n    endcase\n  endfunction"
      if (module ~ /^tsr_(load|store|gemm|alu|dispatch)$/) instruction()
      printf "  initial file = $fopen(\"%s\", \"w\");\n  always @(negedge clk) begin\n    n <= n + 1;\n", vectors
      for (k = 1; k <= ins; k++) {
        value = stimulus(inputs[k], in_width[k])
        printf "    %s%s <= %s;\n", (often > 1 ? "if ($urandom % " often " == 0) " : ""), inputs[k], value
      }
      printf "  end\n  always @(posedge clk) begin\n    if (n <= %d) $fdisplay(file, \"%%h %%h\", {%s}, {%s});\n", cycles, in_list, out_list
      print "    if (n == " cycles ") $fclose(file);\n  end\nendmodule"
    }
    # A legal instruction of small counts for the buffers of the smallest configuration, or one with a bit flipped.
    function instruction() {
      print "  function automatic logic [255:0] insn(input int op, input bit flip);"
      print "    logic [255:0] x;\n    logic [2:0] buffer;\n    int unit;\n    x = 256\x27d0;\n    x[7:0] = op[7:0];\n    x[15:8] = 8\x27($urandom & $urandom & $urandom);"
      print "    if (op <= 2) begin\n      buffer = 3\x27($urandom % 4);\n      unit = op == 1 && buffer != 0 ? 48 : 1;"
      print "      x[20:19] = 2\x27($urandom);\n      x[63:32] = $urandom % 4096;\n      x[85:64] = 22\x27(unit * ($urandom % 8));"
      print "      x[111:96] = 16\x27(unit * (1 + $urandom % (unit > 1 ? 2 : 40)));\n      x[127:112] = 16\x27(1 + $urandom % 3);\n      x[143:128] = 16\x27(1 + $urandom % 3);"
      print "      x[175:144] = $urandom % 512;\n      x[199:176] = $urandom % 2 == 0 ? 24\x27(x[111:96]) : 24\x27($urandom % 128);"
      print "      x[215:200] = 16\x27(unit * ($urandom % 4));\n      x[231:216] = 16\x27(unit * ($urandom % 4));"
      print "      if (op == 1) begin\n        x[18:16] = buffer;\n        x[21] = buffer == 1 && $urandom % 2 == 0;"
      print "        if (buffer == 0) begin\n          x[93:86] = 8\x27($urandom);\n          if ($urandom % 2 == 0) x[255:232] = 24\x27($urandom) & 24\x27h0c3083;\n        end\n      end"
      print "    end else begin\n      x[47:32] = 16\x27($urandom % 64);\n      x[63:48] = 16\x27(1 + $urandom % 3);\n      x[79:64] = 16\x27(1 + $urandom % 3);\n      x[95:80] = 16\x27(1 + $urandom % 3);"
      print "      for (int k = 96; k < 192; k += 16) x[k +: 16] = 16\x27($urandom % 8);"
      print "      if (op == 3) x[16] = 1\x27($urandom);\n      else begin\n        x[19:16] = 4\x27($urandom % 8);\n        x[21:20] = 2\x27($urandom % 3);\n        x[22] = x[21:20] != 2 && $urandom % 2 == 0;"
      print "        x[24] = x[19:16] == 0 && $urandom % 2 == 0;\n        x[207:192] = 16\x27($urandom);\n        if ($urandom % 2 == 0) begin\n          x[23] = 1;\n          x[223:208] = 16\x27(-128);\n          x[239:224] = 16\x27($urandom % 128);\n        end\n      end\n    end"
      print "    if (flip) x[$urandom % 256] ^= 1;\n    insn = x;\n  endfunction"
    }
    function netlist_bench() {
      printf "module bench;\n  reg clk = 0;\n  integer file, n, i, got, changes = 0, bad = 0;\n%s  %s_netlist dut (%s);\n", signals, module, ports
      printf "  reg [%d:0] in;\n  reg [%d:0] want, last = 0;\n  wire [%d:0] out = {%s};\n", in_bits - 1, out_bits - 1, out_bits - 1, out_list
      printf "  initial begin\n    file = $fopen(\"%s\", \"r\");\n    for (n = 0; n <= %d; n = n + 1) begin\n", vectors, cycles
      printf "      got = $fscanf(file, \"%%h %%h\", in, want);\n      if (got != 2) begin\n        bad = bad + 1;\n        n = %d;\n      end else begin\n        {%s} = in;\n        #1;\n", cycles + 1, in_list
      print "        if (want !== last) changes = changes + 1;\n        last = want;"
      printf "        if (n > 3 && out !== want) for (i = 0; i < %d; i = i + 1)\n", out_bits
      printf "          if (out[i] !== want[i] && (n > %d || (out[i] !== 1\x27bx && out[i] !== 1\x27bz))) begin\n", int(cycles * 3 / 4)
      printf "            bad = bad + 1;\n            if (bad < 4) $display(\"cycle %%0d: bit %%0d of {%s} is %%b, not %%b\", n, i, out[i], want[i]);\n          end\n", out_list
      print "        clk = 1;\n        #1 clk = 0;\n      end\n    end"
      printf "    if (bad == 0 && changes > %d) $display(\"PASS\"); else $display(\"FAIL: %%0d differences, %%0d changes\", bad, changes);\n", int(cycles / 16)
      print "    $finish;\n  end\nendmodule"
    }' "$2"
}

cat > "$work/main.cpp" <<'END'
#include "Vbench.h"
#include "verilated.h"
#include <cstdlib>
double sc_time_stamp() { return 0; }
int main(int, char **argv) {
    Vbench bench;
    bench.eval();
    for (int n = 2 * atoi(argv[1]) + 8; n > 0; n--) {
        bench.clk = !bench.clk;
        bench.eval();
    }
    bench.final();
}
END

# All sources in one simulation, which writes a file of vectors for each module. Ports are taken from the first netlist.
benched=()
for module in "${modules[@]}"; do
  netlist=$work/$module.${flows[0]}.v
  [ -f "$netlist" ] || continue
  benched+=("$module")
  write_bench "$module" "$netlist" source > "$work/$module.bench.sv"
done
{
  echo "module bench (input logic clk);"
  for module in "${benched[@]}"; do echo "  bench_$module u_$module (clk);"; done
  echo "endmodule"
} > "$work/bench.sv"
if [ ${#benched[@]} -gt 0 ]; then
  rm -rf "$work/sources"
  # shellcheck disable=SC2086
  verilator --cc -O1 --x-assign 0 --x-initial 0 -Wno-fatal -Wno-lint -Wno-style +define+TSR_SRAM_PORTABLE --top-module bench \
    -y $rtl -y $rtl/lib -Mdir "$work/sources" $packages "$work/bench.sv" $(printf "$work/%s.bench.sv " "${benched[@]}") \
    > "$work/verilator.log" 2>&1 || { tail -20 "$work/verilator.log" >&2; exit 1; }
  runtime="build/sim/runtime/verilated.o build/sim/runtime/verilated_threads.o build/sim/runtime/verilated_fst_c.o"
  # shellcheck disable=SC2086
  make -s $runtime
  include=$(verilator --getenv VERILATOR_ROOT)/include
  cat "$work"/sources/*.cpp > "$work/sources/all.cxx"
  # shellcheck disable=SC2086
  clang++-19 -std=c++17 -O0 -w -DVM_TRACE=1 -DVM_TRACE_FST=1 -I"$work/sources" -I"$include" -I"$include/vltstd" -x c++ \
    "$work/sources/all.cxx" "$work/main.cpp" -x none $runtime -lz -lpthread -o "$work/sources/Vbench"
  "$work/sources/Vbench" "$cycles"
fi

[[ " ${runs[*]} " != *" mapped"* ]] || awk -f tests/rtl/netlist/cells.awk "$cells/xilinx/cells_sim.v" > "$work/cells.v"
passed=0 failed=0
for run in "${runs[@]}"; do
  read -r module flow <<< "$run"
  netlist=$work/$module.$flow.v
  bench=$work/$module.$flow.bench
  library=""
  case $flow in
    xilinx) library=$cells/xilinx/cells_sim.v ;;
    mapped) library="$work/cells.v tests/rtl/netlist/xilinx_ram.v" ;;
    ice40) library="-DNO_ICE40_DEFAULT_ASSIGNMENTS $cells/ice40/cells_sim.v" ;;
  esac
  if [ ! -f "$netlist" ]; then
    result="no netlist: $(cat "${netlist%.v}.out")"
  else
    write_bench "$module" "$netlist" netlist > "$bench.v"
    # shellcheck disable=SC2086
    result=$(iverilog -g2012 -o "$bench.vvp" -s bench "$bench.v" "$netlist" $library 2> "$bench.log" && vvp -n "$bench.vvp") || result+=$(head -n 3 "$bench.log")
  fi
  if [ "${result##*$'\n'}" = PASS ]; then
    passed=$((passed + 1))
    printf 'PASS %-18s %s\n' "$module" "$flow"
  else
    failed=$((failed + 1))
    printf 'FAIL %-18s %-8s %s\n' "$module" "$flow" "$result"
  fi
done
if [ $failed -eq 0 ]; then rm -rf "$work"; else echo "netlists, benches and vectors: $work"; fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
