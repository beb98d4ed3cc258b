#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs memory_test for one configuration: tests/rtl/memory/memory.sh CONFIG [ROUNDS [SEED]], from the top folder.
set -euo pipefail
config=$1
shift
root=$PWD
out=$root/build/test/rtl_memory/$config
make -s "build/gen/tsr_isa_pkg.sv" "build/gen/tsr_isa.h" "build/gen/$config/tsr_cfg_pkg.sv" build/lib/libtsr_isa.a
mkdir -p "$out"
gcc -std=c11 -D_GNU_SOURCE -O2 -Ihw/sim/include -Ihw/sim -c hw/sim/memory.c -o "$out/memory_model.o"
bus=$(sed -n 's/.* BusBytes = \([0-9]*\);/\1/p' "build/gen/$config/tsr_cfg_pkg.sv")
flags="-std=c++17 -I$root/hw/sim/include -I$root/hw/sim -I$root/isa/include -I$root/build/gen"
flags+=" -DBUS_BYTES=$bus -DCONFIG_NAME='\"$config\"' -DCONFIG_PATH='\"$root/isa/configs/$config.cfg\"'"
verilator --cc --exe -O3 --x-assign fast --x-initial fast --noassert --trace-fst --output-split 4000 -Wno-fatal \
    --top-module tessera --Mdir "$out" -o memory_test -CFLAGS "$flags" \
    build/gen/tsr_isa_pkg.sv "build/gen/$config/tsr_cfg_pkg.sv" hw/rtl/lib/*.sv hw/rtl/*.sv \
    "$root/tests/rtl/memory/memory_test.cpp" "$out/memory_model.o" "$root/build/lib/libtsr_isa.a" >"$out/verilator.log" 2>&1 ||
    { tail -20 "$out/verilator.log"; exit 1; }
make -s -C "$out" -f Vtessera.mk CXX=clang++-19 LINK=clang++-19 OPT_FAST=-O1 OPT_SLOW=-O0 memory_test >"$out/make.log" 2>&1 ||
    { grep -m 20 error "$out/make.log"; exit 1; }
"$out/memory_test" "${@:-20}"
