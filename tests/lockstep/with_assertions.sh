#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whole programs on the simulators with assertions, which hold the rules of the bus ports: random programs, the devices' suite,
# the digits network. with_assertions.sh [CONFIG...], default tiny. The simulators have to be built.
build=${BUILD:-build}
sims=$PWD/build/sim
links=$(mktemp -d) || exit 1
trap 'rm -rf "$links"' EXIT
passed=0 failed=0
[ $# -gt 0 ] || set -- tiny
check() { # check WHAT COMMAND...
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        echo "FAIL $what"
        echo "$output" | grep -v '^ok' | head -20
        failed=$((failed + 1))
    fi
}
export TESSERA_SIM_DIR=$links
for config in "$@"; do
    [ -f "$sims/libtessera_sim_${config}_asserts.so" ] || { echo "FAIL $sims/libtessera_sim_${config}_asserts.so: not built"; failed=$((failed + 1)); continue; }
    ln -s "$sims/libtessera_sim_${config}_asserts.so" "$links/libtessera_sim_$config.so"
    check "$config: random programs" "$build/bin/lockstep" -q -x asserts -c "$config" -n 150 -o "$build/lockstep"
    check "$config: conformance" "$build/tests/conformance/test_devices" "rtl:config=$config"
    check "$config: digits" "$build/bin/tessera" run models/digits/digits_qdq.onnx --input models/digits/images/01_is_6.png --device "rtl:config=$config"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
