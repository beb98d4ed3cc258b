#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fails unless Yosys reads the core, finds every module and no combinational loop or double driver, and keeps each on-chip
# memory one: synth_check.sh CONFIG FILE... (all sources, packages first).
set -euo pipefail
config=$1
shift
mkdir -p build/netlist
log=build/netlist/check_$config.log stat=build/netlist/check_$config.stat
yosys -q -l "$log" -p "read_verilog -sv $*; hierarchy -check -top tessera; proc; opt; check -assert; tee -q -o $stat stat -top tessera" >"${log%.log}.out" 2>&1 ||
    { grep -m 5 -E 'ERROR|Warning' "$log"; exit 1; }
if grep -m 5 'Replacing memory' "$log"; then
    echo "synth, $config: a memory became registers"
    exit 1
fi
# Bits in memories, and the least that the buffers of the configuration need (UOP is there twice).
memory=$(awk '/Number of memory bits/ { bits = $NF } END { print bits + 0 }' "$stat")
buffers=$(awk '$1 ~ /_buffer$/ { sum += $3 * 8; if ($1 == "uop_buffer") sum += $3 * 8 } END { print sum + 0 }' "isa/configs/$config.cfg")
if [ "$memory" -lt "$buffers" ]; then
    echo "synth, $config: $memory bits of memory, but the buffers have $buffers"
    exit 1
fi
echo "synth, $config: clean, $memory bits in memories"
