#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The vendor flow of hw/fpga as far as it can be checked without the vendor's tools: the scripts parse, and run to the end for every
# board with stand-ins for the tools (stub/), which check what they are called with; the kernel's top has the core's ports in every
# configuration; what comes out is what XRT's reader takes. Then each check has to find what it is for, in damaged copies.
#
#   tests/fpga/test_fpga.sh [TEXT]    only tests whose name holds TEXT
set -u
top=$PWD
build=$top/${BUILD:-build}
only=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
stubs=$top/tests/fpga/stub

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1"; tail -n 8 "$work/log" | sed 's/^/     /'; }
skip() { skipped=$((skipped + 1)); echo "SKIP $1"; }
wanted() { [[ $1 == *$only* ]]; }
finish() { echo "$passed passed, $failed failed, $skipped skipped"; [ $failed -eq 0 ]; exit; }

command -v tclsh >/dev/null || { skip "the vendor flow: tclsh is not installed (Debian: tcl)"; finish; }

# ---- the top's ports against the core's

# ports ROOT CONFIG: Verilator reads ROOT's top with that configuration's bus; $work/CONFIG.ports has its ports, .core the core's
ports() {
    local root=$1 config=$2 bits
    bits=$((8 * $(sed -n 's/^bus_bytes = //p' "$top/isa/configs/$config.cfg")))
    mkdir -p "$work/$config.v"
    sed "s/DATA_WIDTH = 64/DATA_WIDTH = $bits/" "$root/hw/fpga/rtl/tessera_kernel.v" >"$work/$config.v/tessera_kernel.v"
    verilator --xml-only --xml-output "$work/$config.xml" --Mdir "$work/$config.v" -Wall --top-module tessera_kernel \
        "$top/hw/sim/tessera.vlt" "$top/build/gen/tsr_isa_pkg.sv" "$top/build/gen/$config/tsr_cfg_pkg.sv" \
        "$top"/hw/rtl/lib/*.sv "$top"/hw/rtl/*.sv "$work/$config.v/tessera_kernel.v" >"$work/log" 2>&1 || return 1
    tclsh "$top/tests/fpga/ports.tcl" "$work/$config.xml" tessera_kernel >"$work/$config.ports" 2>>"$work/log" &&
        tclsh "$top/tests/fpga/ports.tcl" "$work/$config.xml" tessera >"$work/$config.core" 2>>"$work/log" || return 1
    # The same ports under other names, in any order.
    sed -e 's/ clk_i / ap_clk /; s/ rst_ni / ap_rst_n /; s/ interrupt_o / interrupt /' \
        -e 's/ s_axi_/ s_axi_control_/; s/ m_axi_/ m_axi_gmem_/' "$work/$config.core" | sort >"$work/$config.expected"
    sort "$work/$config.ports" | diff "$work/$config.expected" - >>"$work/log" && [ "$(wc -l <"$work/$config.ports")" -gt 40 ]
}

# ---- one board through the whole flow, with stand-ins

# flow ROOT BOARD [CONFIG]: exit code of build.sh; output in $work/log, results in $work/out
flow() {
    local root=$1 board=$2 config=${3:-}
    local file=$root/hw/fpga/boards/$board.board
    [ -n "$config" ] || config=$(sed -n 's/^config = //p' "$file")
    PATH=$stubs:$PATH OUT=$work/out CONFIG=$config CLOCK=${CLOCK:-} BUILD=${BUILD:-build} \
        STUB_PORTS=$work/$config.ports STUB_BOARD=$file STUB_CLOCK=${CLOCK:-$(sed -n 's/^clock_mhz = //p' "$file")} \
        STUB_WNS=${STUB_WNS:-0.12} STUB_CONFIG=$config STUB_TESSERA=$build/bin/tessera \
        "$root/hw/fpga/build.sh" build "$board" >"$work/log" 2>&1
}

# results FILE BOARD CONFIG: the columns and the figures that the stand-in's reports and slack lead to
results() {
    local clock fmax
    clock=$(sed -n 's/^clock_mhz = //p' "hw/fpga/boards/$2.board")
    fmax=$(awk -v c="$clock" 'BEGIN { printf "%.1f", 1000 / (1000 / c - 0.12) }')
    [ "$(head -n 1 "$1")" = "commit,config,board,tool,clock_mhz,wns_ns,fmax_mhz,lut,ff,dsp,bram36,uram" ] &&
        tail -n 1 "$1" | grep -q "^[^,]*,$3,$2,Vivado 2022.2,$clock,0.12,$fmax,41000,30000,128,120.5,0$"
}

boards=$(cd hw/fpga/boards && printf '%s ' *.board | sed 's/\.board//g')
configs=$(cd isa/configs && printf '%s ' *.cfg | sed 's/\.cfg//g')

if command -v verilator >/dev/null; then
    for config in $configs; do
        if ports "$top" "$config"; then pass; else fail "the_top_has_the_ports_of_the_core_with_$config"; fi
    done
else
    skip "the vendor flow: verilator is not installed"
    finish
fi

while read -r script; do
    wanted "parse_$script" || continue
    if echo 'set f [open [lindex $argv 0]]; exit [expr {![info complete [read $f]]}]' >"$work/complete.tcl" &&
        tclsh "$work/complete.tcl" "$script" >"$work/log" 2>&1; then pass; else fail "${script}_is_complete_tcl"; fi
done < <(find hw/fpga tests/fpga -name '*.tcl' -o -name '*.xdc' | grep -v /synth/)

for board in $boards; do
    wanted "board_$board" || continue
    config=$(sed -n 's/^config = //p' "hw/fpga/boards/$board.board") out=
    if ! flow "$top" "$board"; then fail "board_$board"; continue; fi
    out=$work/out/$board-$config
    [ -s "$out/tessera.xclbin" ] && [ ! -e "$out.work/done" ] && "$build/bin/tessera" xclbin check "$out/tessera.xclbin" --config "$config" >"$work/log" 2>&1
    if [ $? -eq 0 ]; then pass; else fail "board_${board}_has_an_xclbin"; fi
    case $board in
    u*[0-9]0) [ -s "$out/link.cfg" ] && [ -e "$out/timing.rpt" ] && [ -e "$out/utilization.rpt" ] && results "$out/result.csv" "$board" "$config" ;;
    *) [ -s "$out/tessera.bit" ] && [ -s "$out/tessera.hwh" ] && results "$out/result.csv" "$board" "$config" ;;
    esac
    if [ $? -eq 0 ]; then pass; else fail "board_${board}_has_its_files"; fi
done

if wanted kv260_overlay; then
    out=$work/out/kv260-pynq
    if [ -s "$out/tessera.bit.bin" ] && grep -q 'firmware-name = "tessera.bit.bin"' "$out/tessera.dts" && grep -q XRT_FLAT "$out/shell.json"; then pass
    else fail kv260_has_an_overlay_that_names_its_bitstream; fi
    if ! command -v dtc >/dev/null; then skip "kv260_overlay: dtc is not installed (Debian: device-tree-compiler)"
    elif [ "$(head -c 4 "$out/tessera.dtbo" | od -An -tx1 | tr -d ' ')" = d00dfeed ]; then pass
    else fail kv260_overlay_is_a_device_tree; fi
fi
# A board's memories and addresses, loaded by the real XRT library onto an emulated board (hw/emu).
emulator=
if [ ! -x "$build/bin/tessera-hwemu" ] || [ "${BUILD:-build}" != build ]; then skip "boards in emulation: no tessera-hwemu in this build"
elif ! "$build/bin/tessera" devices | grep -q '^  xrt '; then skip "boards in emulation: no device xrt in this build"
elif ! "$build/bin/tessera-hwemu" true 2>"$work/log"; then skip "boards in emulation: $(sed 's/^tessera-hwemu: //' "$work/log")"
elif ! ls "$build/sim/libtessera_sim_pynq.so" >/dev/null 2>&1; then skip "boards in emulation: no simulator is built"
else emulator=$build/bin/tessera-hwemu; fi
for board in $boards; do
    wanted "emulated_$board" && [ -n "$emulator" ] && grep -q '^flow = vivado' "hw/fpga/boards/$board.board" || continue
    "$build/bin/tessera" xclbin write --board "hw/fpga/boards/$board.board" --emulation -o "$work/$board.xclbin" >"$work/log" 2>&1 &&
        timeout -k 5 60 "$emulator" --xclbin "$work/$board.xclbin" "$build/bin/tessera" selftest --device xrt --quick --only identity --only sync >"$work/log" 2>&1
    if [ $? -eq 0 ] && grep -q "2 passed, 0 failed, 0 skipped" "$work/log"; then pass; else fail "emulated_${board}_is_loaded_by_xrt"; fi
done

if wanted another_configuration; then
    if flow "$top" kv260 tiny && grep -q tiny "$work/out/kv260-tiny/result.csv"; then pass; else fail another_configuration_is_built_beside; fi
fi

# ---- mistakes of a user, each with its own exit code and message

# says CODE NAME TEXT COMMAND...
says() {
    local code=$1 name=$2 text=$3
    shift 3
    wanted "$name" || return
    "$@" >"$work/log" 2>&1
    if [ $? -eq "$code" ] && { [ -z "$text" ] || grep -qF -- "$text" "$work/log"; }; then pass; else fail "$name (expected exit code $code and: $text)"; fi
}
says 3 a_missing_tool_is_named "vivado is not in PATH" env PATH=/usr/bin:/bin hw/fpga/build.sh check pynq-z2
says 3 an_old_tool_is_named "is version 2019.1; 2020.2 or newer" env PATH="$stubs:$PATH" STUB_VERSION=2019.1 hw/fpga/build.sh check u50
says 0 a_good_tool_is_good "" env PATH="$stubs:$PATH" hw/fpga/build.sh check u50
says 2 an_unknown_board_is_named "there is no board pynq-z3; there are kv260 pynq-z1" hw/fpga/build.sh check pynq-z3
says 2 an_unknown_configuration_is_named "no configuration huge" env CONFIG=huge hw/fpga/build.sh check u50
says 2 a_clock_is_a_number "whole MHz" env CLOCK=fast hw/fpga/build.sh check u50
says 2 vivado_boards_have_no_other_target "TARGET=hw_emu" env TARGET=hw_emu hw/fpga/build.sh check pynq-z2
rm -rf "$work/out"
if wanted no_result; then # of a card whose figures cannot be had: the xclbin is there all the same
    if (flow "$top" u50) && rm -rf "$work/out" "$work/copy" && mkdir -p "$work/copy/hw" && cp -r hw/fpga "$work/copy/hw/fpga" &&
        ln -s "$top/hw/rtl" "$work/copy/hw/rtl" && ln -s "$top/isa" "$work/copy/isa" && ln -s "$top/build" "$work/copy/build" &&
        sed -i 's/ tessera_1 }/ tessera_2 }/' "$work/copy/hw/fpga/vitis/results.tcl" && flow "$work/copy" u50 &&
        grep -q "no result.csv" "$work/log" && grep -q "WARNING: no result.csv: check: there is no cell tessera_2" "$work"/out/u50-*.work/link.log &&
        [ -s "$work/out/u50-wide/tessera.xclbin" ] && [ ! -e "$work/out/u50-wide/result.csv" ]; then pass
    else fail a_card_without_result_csv_has_its_xclbin; fi
    rm -rf "$work/out"
fi
if wanted slow; then
    STUB_WNS=-0.345 flow "$top" pynq-z2
    if [ $? -eq 1 ] && grep -q "100 MHz are not met: the worst path is -0.345 ns too long" "$work/log" && [ ! -e "$work/out/pynq-z2-pynq" ]; then pass
    else fail a_design_that_is_too_slow_leaves_no_output; fi
fi

# ---- each check finds what it is for

# finds NAME BOARD FILE SED TEXT: with FILE (in hw/fpga) changed by SED, BOARD's build fails saying TEXT, or the ports do (BOARD = ports)
finds() {
    local name=$1 board=$2 file=$3 change=$4 text=$5 root=$work/copy
    wanted "$name" || return
    rm -rf "$root" "$work/out"
    mkdir -p "$root/hw"
    cp -r hw/fpga "$root/hw/fpga"
    ln -s "$top/hw/rtl" "$root/hw/rtl"
    ln -s "$top/isa" "$root/isa"
    ln -s "$top/build" "$root/build"
    sed -i "$change" "$root/hw/fpga/$file"
    if cmp -s "hw/fpga/$file" "$root/hw/fpga/$file"; then echo "the change alters nothing" >"$work/log"; fail "$name"; return; fi
    if [ "$board" = ports ]; then ports "$root" pynq; else flow "$root" "$board"; fi
    if [ $? -ne 0 ] && grep -qF -- "$text" "$work"/log "$work"/out/*.work/*.log 2>/dev/null && [ -z "$(ls -d "$work"/out/*-pynq "$work"/out/*-wide 2>/dev/null)" ]; then pass
    else fail "$name (expected: $text)"; fi
}
finds finds_a_port_of_another_width ports rtl/tessera_kernel.v 's/\[11:0\] s_axi_control_araddr/[12:0] s_axi_control_araddr/' WIDTH
finds finds_a_port_that_is_not_connected ports rtl/tessera_kernel.v '/m_axi_rlast/d' PINMISSING
finds finds_a_port_too_many ports rtl/tessera_kernel.v 's/^    input  wire        ap_rst_n,/&\n    input wire ap_ce,/' ap_ce
ports "$top" pynq
finds finds_a_missing_core_file u50 tcl/common.tcl 's/hw rtl\]$/hw sim]/' "no files matched"
finds finds_a_package_that_is_left_out u50 tcl/common.tcl 's/set files \[list .*/set files {}/' "is in none of the files"
finds finds_two_multiply_arrays pynq-z2 tcl/common.tcl 's/{$dot ne "packed" || /{1 || /' "tsr_dot is defined in two of the files"
finds finds_a_multiply_array_that_is_left_out pynq-z2 tcl/common.tcl 's/if {$dot eq "packed"}/if 0/' "module tsr_dot, which"
finds finds_another_top u50 tcl/package_ip.tcl 's/top tessera_kernel/top tessera/' "no module tessera to be the top"
finds finds_a_bus_without_a_clock u50 tcl/package_ip.tcl '/busif m_axi_gmem/d' "a bus has no clock"
finds finds_a_wrong_register_range u50 tcl/package_ip.tcl 's/range 4096/range 65536/' "4096 bytes"
finds finds_another_kernel_name u50 vitis/package_xo.tcl 's/-kernel_name tessera/-kernel_name vta/' "another kernel name"
finds finds_another_vendor u50 tcl/package_ip.tcl 's/-vendor tessera/-vendor acme/' "kernel.xml is not about acme"
finds finds_a_bus_width_that_kernel_xml_has_not u50 tcl/common.tcl 's/expr {8 \*/expr {4 */' "the top's parameter"
finds finds_an_unknown_vendor_command u50 tcl/package_ip.tcl 's/ipx::save_core/ipx::store_core/' "invalid command name"
finds finds_a_port_that_the_kernel_has_not u50 build.sh 's/sp=tessera_1.m_axi_gmem/sp=tessera_1.m00_axi/' "no such port to memory"
finds finds_another_instance u50 build.sh 's/sp=tessera_1/sp=tessera_2/' "the instance is tessera_1"
finds finds_a_memory_that_the_card_has_not u200 boards/u200.board 's/DDR\[0\]/DDR[4]/' "the last bank is 3"
finds finds_a_kind_of_memory_that_the_card_has_not u50 boards/u50.board 's/HBM\[0:31\]/DDR[0]/' "no such memory"
finds finds_a_region_that_the_card_has_not u50 boards/u50.board 's/SLR0/SLR2/' "no such region"
finds finds_a_platform_that_is_not_there u280 boards/u280.board 's/_202211_1/_202311_1/' "there is no platform"
finds finds_a_configuration_left_out u50 build.sh 's/^    step embed .*/    cp "$work\/linked.xclbin" "$work\/done\/tessera.xclbin"/' "does not say which configuration"
finds finds_a_hook_that_is_not_there u50 build.sh 's/POST=$work/POST=$work\/vitis/' "no such script"
finds finds_a_hook_outside_of_its_section u50 build.sh '/echo "\[vivado\]"/d' "outside of [vivado]"
finds finds_a_pin_that_is_not_there pynq-z2 vivado/zynq7.tcl 's/FCLK_RESET0_N/FCLK_RESETN_0/' "there is no pin ps/FCLK_RESETN_0"
finds finds_a_bus_that_is_not_there kv260 vivado/zynqmp.tcl 's/memory ps.S_AXI_HP0_FPD/memory ps\/S_AXI_HP0/' "there is no bus ps/S_AXI_HP0"
finds finds_a_pin_that_is_not_driven pynq-z2 vivado/build.tcl '/dcm_locked/d' "reset/dcm_locked is not driven"
finds finds_an_interrupt_left_out kv260 vivado/build.tcl '/interrupt \[dict/d' "ps/pl_ps_irq0 is not driven"
finds finds_a_second_clock pynq-z2 vivado/build.tcl 's/ tessera_1.ap_clk / /; s/clock.clk_in1$/clock\/clk_in1 tessera_1\/ap_clk/' "another clock than the core"
finds finds_a_bus_left_open pynq-z2 vivado/build.tcl '/tsr::bus memory/d' "ps/S_AXI_HP0 is not connected"
finds finds_registers_at_another_address ultra96 vivado/build.tcl 's/\[dict get $board kernel_base\]/0xa0010000/' "not at the board's kernel_base"
finds finds_registers_out_of_reach pynq-z1 boards/pynq-z1.board 's/0x40000000/0xa0000000/' "does not reach the registers"
finds finds_a_wrong_range pynq-z1 vivado/build.tcl 's/-range 4K/-range 64K/' "4 KiB of the instruction set"
finds finds_memory_without_address kv260 vivado/zynqmp.tcl 's/ ps.SAXIGP2.HP0_DDR_HIGH//' "SAXIGP2/HP0_DDR_HIGH has no address"
finds finds_a_wrong_input_clock pynq-z2 vivado/zynq7.tcl 's/FREQMHZ 100/FREQMHZ 125/' "expects another input"
finds finds_a_wrong_parameter kv260 vivado/zynqmp.tcl 's/PSU__USE__IRQ0/PSU__USE__IRQ_0/' "no parameter PSU__USE__IRQ_0"
finds finds_another_part pynq-z2 vivado/build.tcl 's/^set part .*/set part xc7z010clg400-1/' "not the board's"
finds finds_a_missing_constraint_file pynq-z2 vivado/build.tcl 's/bitstream.xdc/pins.xdc/' "pins.xdc does not exist"
finds finds_a_wrong_constraint pynq-z2 vivado/bitstream.xdc 's/current_design/current_desing/' "invalid command name"
finds finds_a_key_that_a_board_lacks pynq-z2 boards/pynq-z2.board '/^memory/d' "'memory' is missing"
finds finds_a_typing_error_in_tcl pynq-z2 vivado/zynq7.tcl 's/^proc tsr::create_ps {board} {/proc tsr::create_ps {board} /' "ERROR"
if command -v dtc >/dev/null; then
    finds finds_a_mistake_in_the_overlay kv260 vivado/kv260/tessera.dts 's/&amba {/\&amba /' "syntax error"
fi
finish
