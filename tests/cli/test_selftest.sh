#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `tessera selftest`: passes on devices that are right, and fails, with the test that it should, on devices that are not.
# Runs from the project's top folder.
set -u
tessera=$PWD/${BUILD:-build}/bin/tessera
simulators=$PWD/build/sim
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
unset TESSERA_TOKEN

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAIL $1"
    sed 's/^/     /' "$work/out" "$work/err" | grep -v ' PASS ' | head -n 20
}
skip() { skipped=$((skipped + 1)); echo "SKIP $1"; }
call() { "$tessera" selftest "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }

# good NAME ARGUMENTS...: exit code 0, every test is there, none fails
good() {
    local name=$1
    shift
    call "$@"
    if [ $code -eq 0 ] && grep -q '^network\|^PASS  network' "$work/out" && ! grep -q '^FAIL' "$work/out" &&
        grep -q ', 0 failed, ' "$work/out" && [ ! -s "$work/err" ]; then pass; else fail "$name"; fi
}

# bad NAME TEST TEXT ARGUMENTS...: exit code 1, that test fails and says the text
bad() {
    local name=$1 test=$2 text=$3
    shift 3
    call "$@"
    if [ $code -eq 1 ] && grep -q "^FAIL  $test " "$work/out" && grep -qF -- "$text" "$work/out" && grep -q "look at:" "$work/out"; then
        pass
    else
        fail "$name (expected $test to fail with: $text)"
    fi
}

# refuses CODE NAME TEXT ARGUMENTS...
refuses() {
    local wanted=$1 name=$2 text=$3
    shift 3
    call "$@"
    if [ $code -eq "$wanted" ] && grep -qF -- "$text" "$work/err"; then pass; else fail "$name (expected $wanted and: $text)"; fi
}

for config in tiny batch4 wide; do good "func_$config" --device "func:config=$config"; done
good timing_pynq --device timing:config=pynq --quick
good config_option --device func --config tiny --quick --seed 7
if [ -e "$simulators/libtessera_sim_tiny.so" ]; then
    good rtl_tiny --device rtl:config=tiny
    call --device rtl:config=tiny --quick --json
    if [ $code -eq 0 ] && grep -q '"name":"records","result":"pass"' "$work/out" && [ "$(wc -l <"$work/out")" -eq 1 ]; then pass; else fail json; fi
else
    skip "rtl_tiny: its simulator is not built (make sims)"
fi
call --device func:config=tiny --only random --only gemm
if [ $code -eq 0 ] && [ "$(grep -c '^PASS' "$work/out")" -eq 2 ]; then pass; else fail only; fi
call --device func:config=tiny --only random --soak 1
if [ $code -eq 0 ] && grep -q '^PASS  soak' "$work/out"; then pass; else fail soak; fi
good model_of_ones_own --device func:config=pynq --quick --model tests/models/qdq/conv_relu/model.onnx

# ---- devices that misbehave
bad allocation buffers "allocation 5 fails" --device fault:device=func,config=tiny,fail_alloc=5 --quick
bad start dma-patterns "submit 1 fails" --device fault:device=func,config=tiny,fail_submit=1 --quick
bad no_end dma-patterns "times out" --device fault:device=func,config=tiny,timeout=3 --quick
bad bus_error alu "bus_read" --device fault:device=func,config=tiny,bus_fault=5 --only alu
bad failed_sync buffers "sync 9 fails" --device fault:device=func,config=tiny,fail_sync=9 --quick
bad wrong_byte sync "instead of" --device fault:device=func,config=tiny,corrupt_sync=20 --quick
bad no_model network "an ONNX or TFLite file" --device func:config=tiny --model tests/README.md --only network

# A simulator of a core with a mistake in it, in the place of the right one.
mkdir "$work/sim"
wrong_core() { # BUG TEST: of tests/lockstep/bugs
    local bug=$simulators/libtessera_sim_tiny_bug_$1.so
    [ -e "$bug" ] || { skip "core_with_$1: $bug is not built (make lockstep-bugs builds all)"; return; }
    cp "$bug" "$work/sim/libtessera_sim_tiny.so"
    export TESSERA_SIM_DIR=$work/sim
    bad "core_with_$1" "$2" "" --device rtl:config=tiny --only "$2"
    unset TESSERA_SIM_DIR
}
wrong_core forwarding gemm
for bug in bank_guard:random page_border:dma-sizes token_count:tokens; do # what make test does not build anyway is tested where it is
    [ -e "$simulators/libtessera_sim_tiny_bug_${bug%:*}.so" ] && wrong_core "${bug%:*}" "${bug#*:}"
done

# A cache that is not flushed: needs a device whose memory is not the host's.
"$tessera" serve --device func:config=tiny --listen 127.0.0.1:0 --quiet >"$work/address" 2>/dev/null &
server=$!
for _ in $(seq 200); do
    address=$(sed -n 's/^listening on //p' "$work/address")
    [ -n "$address" ] && break
    sleep 0.05
done
good over_the_network --device "remote:$address" --quick
for n in 4 5 8; do # what the host reads, what the device reads, what the host reads of another run
    bad "stale_memory_$n" dma-patterns "" --device "fault:device=remote,address=$address,skip_sync=$n" --only dma-patterns
done
kill "$server"
wait "$server"
server=

# ---- misuse
refuses 2 a_device_is_needed "say with --device"
refuses 2 tests_have_names "there is no test" --device func --only fly
refuses 1 no_such_device "no device driver" --device fly
refuses 1 no_accelerator "no accelerator" --device cpu

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
