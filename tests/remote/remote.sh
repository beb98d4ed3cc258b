#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A device behind `tessera serve`, as a user has it: the conformance suite over it, and digits with the bytes of the device alone.
# Runs from the project's top folder.
set -u
build=$PWD/${BUILD:-build}
tessera=$build/bin/tessera
suite=$build/tests/conformance/test_devices
digits=$PWD/models/digits
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
unset TESSERA_TOKEN

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1"; }
same() { if cmp -s "$2" "$3"; then pass; else fail "$1"; fi; }

# start DEVICE: leaves $server and $address
start() {
    : >"$work/address"
    local program=("$tessera" serve)
    case $1 in timing*) program=("$build/bin/tessera-serve") ;; esac # the same without compiler
    "${program[@]}" --device "$1" --listen 127.0.0.1:0 >"$work/address" 2>"$work/log" &
    server=$!
    for _ in $(seq 200); do
        address=$(sed -n 's/^listening on //p' "$work/address")
        [ -n "$address" ] && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    return 1
}

stop() {
    kill -TERM "$server"
    wait "$server"
    if [ $? -eq 0 ]; then pass; else fail "server of $1 stops with exit code 0"; fi
    server=
}

devices="func:config=tiny timing:config=batch4"
if [ -e "$build/../build/sim/libtessera_sim_tiny.so" ] || [ -e build/sim/libtessera_sim_tiny.so ]; then
    devices="$devices rtl:config=tiny"
else
    skipped=$((skipped + 1))
    echo "SKIP remote rtl: its simulator is not built (make sims)"
fi
for device in $devices; do
    start "$device" || { fail "serve $device: $(head -n 3 "$work/log")"; continue; }
    "$suite" "remote:$address" >"$work/suite" 2>&1
    grep -a '^FAIL\|^SKIP' "$work/suite" | sed "s|^\(....\) |\1 ($device) |"
    line=$(tail -n 1 "$work/suite")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    else
        fail "conformance over $device ended with: $line"
    fi
    stop "$device"

    # The whole network, and what is beside the result. A new server each time: where buffers lie decides on bursts and so on cycles.
    image=$digits/images/01_is_6.png
    start "$device" || { fail "serve $device: $(head -n 3 "$work/log")"; continue; }
    "$tessera" run "$digits/digits_qdq.onnx" --input "$image" --device "$device" --output "$work/local.npy" --json >"$work/local.json"
    "$tessera" run "$digits/digits_qdq.onnx" --input "$image" --device "remote:$address" --output "$work/remote.npy" --json >"$work/remote.json"
    stop "$device"
    same "digits over $device" "$work/local.npy" "$work/remote.npy"
    for side in local remote; do
        grep -o '"\(cycles\|instructions\|bytes_read\|bytes_written\)":[0-9]*' "$work/$side.json" >"$work/$side.counters"
    done
    same "counters of digits over $device" "$work/local.counters" "$work/remote.counters"
    case $device in func*) continue ;; esac
    start "$device" || { fail "serve $device: $(head -n 3 "$work/log")"; continue; }
    for where in "$device" "remote:$address"; do # the second column names the device
        "$tessera" profile "$digits/digits_qdq.onnx" --device "$where" --csv | sed 's/"[^"]*"/device/' >"$work/${where%%:*}.csv"
    done
    same "profile of digits over $device" "$work/${device%%:*}.csv" "$work/remote.csv"
    [ "$(wc -l <"$work/remote.csv")" -gt 5 ] || fail "profile of digits over $device has lines"
    stop "$device"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
