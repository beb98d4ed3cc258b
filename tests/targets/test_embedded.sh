#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Models linked into C programs (tessera compile --emit object,header): docs/example_embedded.c for each processor, under
# qemu-user where it is another one. Runs from the project's top folder.
set -u
tessera=$PWD/${BUILD:-build}/bin/tessera
model=models/digits/digits_qdq.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1"; head -c 2000 "$work/log" | sed 's/^/     /'; }
skip() { skipped=$((skipped + 1)); echo "SKIP $1"; }
check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then pass; else fail "$name"; fi
}

# build TARGET COMPILER: model, header and example, with what C has of strictness
build() {
    mkdir -p "$work/$1" &&
        "$tessera" compile $model --emit object,header --target "$1" --cpu baseline -o "$work/$1/digits" &&
        "$2" -std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -static -I"$work/$1" docs/example_embedded.c "$work/$1/digits.o" \
            -lm -o "$work/$1/example"
}

# Wants nothing from outside but memory copies and, on armv7, the compiler's own arithmetic.
needs_little() { ! nm -u "$work/$1/digits.o" | grep -vE '^ *U (memcpy|expf|__aeabi_[a-z0-9]+|_GLOBAL_OFFSET_TABLE_)$'; }

recognises_a_six() { "$@" >"$work/out" && [ "$(sort -k2 -nr "$work/out" | head -n 1 | cut -c1-2)" = "6:" ]; }
same_output() { "$@" >"$work/out" && diff "$work/expected" "$work/out"; }

check example_builds build x86-64 gcc
check example_needs_no_other_library needs_little x86-64
if [ "$(uname -m)" = x86_64 ]; then
    check example_recognises_the_digit recognises_a_six "$work/x86-64/example"
    "$work/x86-64/example" >"$work/expected"
    # Whatever the arena held before: a pattern in place of zeros. The arena is large enough: guards behind it stay.
    sed -e 's/int main(void) {/#include <string.h>\n#include <stdlib.h>\n&\n    memset(arena, 0xa5, sizeof arena);/' \
        -e 's/DIGITS_ARENA_BYTES\]/DIGITS_ARENA_BYTES + 64]/' \
        -e 's/^}$/    for (int i = 0; i < 64; i++)\n        if (arena[DIGITS_ARENA_BYTES + i] != 0xa5)\n            abort();\n}/' \
        docs/example_embedded.c >"$work/dirty.c"
    check dirty_arena_builds gcc -std=c11 -I"$work/x86-64" "$work/dirty.c" "$work/x86-64/digits.o" -lm -o "$work/dirty"
    check the_arena_may_hold_anything same_output "$work/dirty"
else
    skip "the example runs on x86-64"
fi

# other TARGET COMPILER EMULATOR CPU
other() {
    if ! command -v "$2" >/dev/null || ! command -v "$3" >/dev/null; then
        skip "$1: no $2 or no $3 (packages.txt)"
        return
    fi
    check "$1_builds" build "$1" "$2"
    check "$1_needs_no_other_library" needs_little "$1"
    [ -s "$work/expected" ] && check "$1_says_the_same" same_output "$3" -cpu "$4" "$work/$1/example"
}
other aarch64 aarch64-linux-gnu-gcc qemu-aarch64 cortex-a53
other armv7 arm-linux-gnueabihf-gcc qemu-arm cortex-a9
other riscv64 riscv64-linux-gnu-gcc qemu-riscv64 rv64

# ---- what is refused, and how
refuses() { # refuses NAME TEXT ARGUMENTS...
    local name=$1 text=$2
    shift 2
    if "$tessera" compile "$@" >"$work/log" 2>&1 || ! grep -qF -- "$text" "$work/log"; then fail "$name"; else pass; fi
}
refuses a_configuration_is_misuse "leave out --config" $model --emit object -o "$work/x" --config tiny
refuses several_kinds_are_refused "holds one kind" $model --emit object -o "$work/x" --cpu portable
refuses a_name_must_be_an_identifier "digit first" $model --emit object -o "$work/8bit"
refuses unknown_parts_are_listed "object,header" $model --emit library -o "$work/x"
check nothing_is_left_behind test ! -e "$work/x.o" -a ! -e "$work/8bit.o"

# ---- the same bytes from every process
twice() { # twice ARGUMENTS...
    "$tessera" compile $model "$@" -o "$work/first.tsr" && "$tessera" compile $model "$@" -o "$work/second.tsr" &&
        cmp "$work/first.tsr" "$work/second.tsr"
}
check programs_are_reproducible twice --cpu portable --config tiny
check programs_for_other_targets_are_reproducible twice --target armv7 --host-only
"$tessera" compile $model --emit object,header --cpu baseline -o "$work/digits" >/dev/null
check objects_are_reproducible cmp "$work/digits.o" "$work/x86-64/digits.o"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
