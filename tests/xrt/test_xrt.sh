#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The devices of boards end to end, on emulated boards behind the unmodified XRT library: the conformance suite in every
# configuration, and whole networks, which have to give the bytes of `rtl`.
build=${BUILD:-build}
tessera=$build/bin/tessera hwemu=$build/bin/tessera-hwemu
limit=200 # seconds, of any one command
passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pass() { passed=$((passed + 1)); [ "${VERBOSE:-0}" = 0 ] || echo "PASS $1"; }
fail() { failed=$((failed + 1)); echo "FAIL $1: $2"; }
skip() { skipped=$((skipped + 1)); echo "SKIP $1: $2"; }

# conformance DEVICE CONFIG BOARDS
conformance() {
    local log=$work/log line
    timeout -k 5 $limit "$hwemu" --config "$2" --boards "$3" --check-leaks "$build/tests/conformance/test_devices" "$1" >"$log" 2>&1
    local rc=$?
    line=$(tail -n 1 "$log")
    if [ $rc = 0 ] && [[ $line =~ ^([0-9]+)\ passed,\ 0\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1])) skipped=$((skipped + BASH_REMATCH[2]))
        grep -a '^SKIP' "$log"
    else
        fail "$1/conformance, $2, $3 boards" "exit code $rc"
        tail -n 20 "$log"
    fi
}

# What a user runs on a new board.
selftest() {
    if timeout -k 5 $limit "$hwemu" --config tiny --check-leaks "$tessera" selftest --device "$1" --quick >"$work/log" 2>&1; then
        pass "$1/selftest"
    else
        fail "$1/selftest" "$(grep -a -m 1 FAIL "$work/log")"
    fi
}

# XRT ends programs whose XILINX_XRT is wrong; the drivers have to notice before. In no emulation, and on no board.
says_what_is_missing() {
    "$tessera" xclbin write --config tiny -o "$work/tiny.xclbin" >"$work/log" 2>&1 || { fail "$1/surroundings" "no xclbin"; return; }
    for root in "" /nowhere; do
        XILINX_XRT=$root timeout -k 5 $limit "$tessera" run models/digits/digits_qdq.onnx --input models/digits/images/01_is_6.png \
            --device "$1:xclbin=$work/tiny.xclbin" >"$work/log" 2>&1
        local rc=$?
        [ $rc = 1 ] && grep -q "XILINX_XRT" "$work/log" || { fail "$1/surroundings" "exit code $rc: $(tail -n 1 "$work/log")"; return; }
    done
    pass "$1/surroundings"
}

# same_bytes DEVICE CONFIG MODEL INPUT. Cycles differ a little: buffers lie at other addresses, so bursts end elsewhere.
same_bytes() {
    local name="$1/${3##*/}, $2"
    if ! timeout -k 5 $limit "$tessera" run "$3" --input "$4" --device rtl --config "$2" --output "$work/want.npy" >"$work/want" 2>&1; then
        fail "$name" "rtl does not run it: $(tail -n 1 "$work/want")"; return
    fi
    if ! timeout -k 5 $limit "$hwemu" --config "$2" --check-leaks "$tessera" run "$3" --input "$4" --device "$1" --output "$work/got.npy" >"$work/got" 2>&1; then
        fail "$name" "$(tail -n 1 "$work/got")"; return
    fi
    cmp -s "$work/want.npy" "$work/got.npy" || { fail "$name" "other bytes than rtl"; return; }
    pass "$name"
}

if ! "$hwemu" true 2>"$work/log"; then
    skip test_xrt "$(sed 's/^tessera-hwemu: //' "$work/log")"
else
    for device in xrt opencl; do
        line=$("$tessera" devices | grep "^  $device ")
        case "$line" in *"not in this build"*) skip "$device" "not ${line#*not }"; continue ;; esac
        configs="tiny pynq wide batch4"
        [ $device = xrt ] || configs="tiny batch4" # what depends on the configuration is the same code
        for config in $configs; do
            conformance $device $config 2
        done
        conformance $device tiny 1
        selftest $device
        says_what_is_missing $device
        for picture in models/digits/images/0[12]*.png; do
            same_bytes $device pynq models/digits/digits_qdq.onnx "$picture"
        done
        same_bytes $device wide models/digits/digits_qdq.onnx models/digits/images/01_is_6.png
        resnet=../shared/models/mlperf_tiny/ic_resnet8_int8.tflite
        if [ -r $resnet ]; then
            same_bytes $device pynq $resnet models/digits/images/01_is_6.png
        else
            skip "$device/resnet8" "there is no $resnet"
        fi
    done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
