#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh check|build BOARD: everything that goes onto a board, with the vendor's tools, into build/fpga/BOARD-CONFIG.
#
#   CONFIG=NAME    another configuration than the board's       CLOCK=MHZ   another clock
#   JOBS=N         processes of the vendor's tool               TARGET=hw_emu   (Alveo) for the vendor's own emulation
#   OUT=FOLDER     another place than build/fpga
#
# `check` only looks for the tools. Exit code: 0 done, 1 failed, 2 called in a wrong way, 3 a tool is missing or too old.
# The folder appears when everything in it is complete; until then, and after a failure, there is only BOARD-CONFIG.work.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tessera=$top/${BUILD:-build}/bin/tessera

die() { echo "tessera: $2" >&2; exit "$1"; }
boards() { (cd "$here/boards" && for f in *.board; do printf '%s ' "${f%.board}"; done); }

[ $# -eq 2 ] && { [ "$1" = check ] || [ "$1" = build ]; } || die 2 "usage: hw/fpga/build.sh check|build BOARD; boards: $(boards)"
action=$1 board=$2
[[ $board =~ ^[a-z0-9-]+$ ]] && [ -f "$here/boards/$board.board" ] || die 2 "there is no board $board; there are $(boards)"

# The value of a key in the board's file.
value() { sed -n "s/^$1 *= *\([^#]*[^# ]\) *\(#.*\)\{0,1\}$/\1/p" "$here/boards/$board.board"; }
flow=$(value flow) part=$(value part) platform=$(value platform)
config=${CONFIG:-$(value config)} clock=${CLOCK:-$(value clock_mhz)} target=${TARGET:-hw}
jobs=${JOBS:-$(nproc)}
[[ $config =~ ^[A-Za-z0-9_-]+$ ]] && [ -f "$top/isa/configs/$config.cfg" ] || die 2 "there is no configuration $config in isa/configs"
[[ $clock =~ ^[0-9]+$ ]] && [ "$clock" -ge 1 ] && [ "$clock" -le 1000 ] || die 2 "CLOCK=$clock: whole MHz, 1 to 1000"
[[ $jobs =~ ^[0-9]+$ ]] && [ "$jobs" -ge 1 ] || die 2 "JOBS=$jobs: a number"
[ "$target" = hw ] || { [ "$target" = hw_emu ] && [ "$flow" = vitis ]; } || die 2 "TARGET=$target: hw, or for an Alveo hw_emu"

# ---- tools ----

oldest=2020.2 # the first whose projects keep generated files where the scripts look for them; written for 2022.2

# need TOOL OPTION WHERE: it is there, and not older than $oldest
need() {
    local tool=$1 version
    command -v "$tool" >/dev/null || die 3 "$tool is not in PATH: $board needs $3; \`source .../settings64.sh\` of its installation \
first. docs/boards.md has the steps"
    version=$("$tool" "$2" 2>/dev/null | grep -oE '20[0-9]{2}\.[0-9]+' | head -n 1)
    [ -n "$version" ] || die 3 "$tool $2 names no version: is it the one of $3?"
    [ "$(printf '%s\n%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ] ||
        die 3 "$tool is version $version; $oldest or newer is needed (written for 2022.2)"
}
need vivado -version "AMD Vivado"
if [ "$flow" = vitis ]; then
    need v++ --version "AMD Vitis and the platform $platform"
elif [ "$board" = kv260 ]; then
    command -v bootgen >/dev/null || die 3 "bootgen is not in PATH: it comes with Vivado, and $board needs it for tessera.bit.bin"
fi
[ "$action" = build ] || exit 0

# ---- build ----

out=${OUT:-$top/build/fpga}/$board-$config
[ "$target" = hw ] || out=$out-$target
work=$out.work
[ -x "$tessera" ] || die 1 "$tessera is missing: run \`make vivado-...\` or \`make vitis-...\` instead of this script"
rm -rf "$work"
mkdir -p "$work/done" || exit 1
echo "$board: configuration $config, $clock MHz; logs in ${work#"$top"/}"

# step NAME COMMAND...: runs in $work, output in NAME.log; shows the end of it when that fails
step() {
    local name=$1
    shift
    echo "  $name"
    if ! (cd "$work" && "$@") >"$work/$name.log" 2>&1; then
        tail -n 20 "$work/$name.log" >&2
        die 1 "$name failed: ${work#"$top"/}/$name.log"
    fi
}

link_config() {
    echo "[connectivity]"
    echo "nk=tessera:1:tessera_1"
    echo "sp=tessera_1.m_axi_gmem:$(value connect)"
    [ -z "$(value slr)" ] || echo "slr=tessera_1:$(value slr)"
    [ "$target" = hw ] || return 0
    echo "[vivado]"
    echo "prop=run.impl_1.STEPS.ROUTE_DESIGN.TCL.POST=$work/results.tcl"
}

# result.csv with the commit in front, beside the rest
keep_result() {
    local commit
    commit=$(git -C "$top" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
    sed -e '1s/^/commit,/' -e "2s/^/$commit,/" "$work/result.csv" >"$work/done/result.csv"
}

if [ "$flow" = vitis ]; then
    step kernel-xml "$tessera" xclbin kernel-xml --config "$top/isa/configs/$config.cfg" -o kernel.xml
    step package vivado -mode batch -source "$here/vitis/package_xo.tcl" -tclargs "$board" "$config" "$work/kernel.xml" "$work"
    link_config >"$work/link.cfg"
    echo "set board_name {$board}; set config_name {$config}; set clock_mhz $clock; set folder {$work}
source {$here/vitis/results.tcl}" >"$work/results.tcl"
    step link v++ --link -t "$target" --platform "$platform" --config link.cfg --kernel_frequency "$clock" --jobs "$jobs" \
        --save-temps --temp_dir vitis -o linked.xclbin tessera.xo
    step embed "$tessera" xclbin embed linked.xclbin --config "$top/isa/configs/$config.cfg" -o done/tessera.xclbin
    cp "$work/link.cfg" "$work/kernel.xml" "$work/done"
    if [ -s "$work/result.csv" ]; then
        cp "$work/timing.rpt" "$work/utilization.rpt" "$work/done" && keep_result || exit 1
    elif [ "$target" = hw ]; then
        echo "  no result.csv: ${work#"$top"/}/link.log and Vivado's logs in ${work#"$top"/}/vitis say why"
    fi
else
    step implement vivado -mode batch -source "$here/vivado/build.tcl" -tclargs "$board" "$config" "$clock" "$jobs" "$work"
    step xclbin "$tessera" xclbin write --board "$here/boards/$board.board" --config "$top/isa/configs/$config.cfg" --clock "$clock" \
        --bitstream tessera.bit -o done/tessera.xclbin
    cp "$work/tessera.bit" "$work/tessera.hwh" "$work/timing.rpt" "$work/utilization.rpt" "$work/done" || exit 1
    keep_result || exit 1
    if [ "$board" = kv260 ]; then
        printf 'all:\n{\n    tessera.bit\n}\n' >"$work/tessera.bif"
        step bootgen bootgen -w -arch zynqmp -process_bitstream bin -image tessera.bif
        mv "$work/tessera.bit.bin" "$work/done" || die 1 "bootgen wrote no tessera.bit.bin"
        cp "$here/vivado/kv260/tessera.dts" "$here/vivado/kv260/shell.json" "$work/done" || exit 1
        if command -v dtc >/dev/null; then
            step overlay dtc -@ -I dts -O dtb -o done/tessera.dtbo done/tessera.dts
        else
            echo "  no dtc here: make tessera.dtbo on the board, with  dtc -@ -O dtb -o tessera.dtbo tessera.dts"
        fi
    fi
fi
step check "$tessera" xclbin check done/tessera.xclbin --config "$top/isa/configs/$config.cfg"

rm -rf "$out" && mv "$work/done" "$out" || exit 1
echo "$board: ${out#"$top"/}/tessera.xclbin is ready; next: docs/boards.md"
