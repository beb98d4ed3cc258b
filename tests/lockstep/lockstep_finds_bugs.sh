#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A simulator with a seeded bug must fail lockstep: lockstep_finds_bugs.sh [BUG...], default forwarding.
passed=0 failed=0
for bug in "${@:-forwarding}"; do
    if "${BUILD:-build}/bin/lockstep" -q -e -x "bug_$bug" -c tiny -n 3000; then
        passed=$((passed + 1))
    else
        echo "FAIL the bug $bug was not found"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
