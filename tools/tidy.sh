#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy on "FILE FLAGS" lines from standard input, $1 at a time. Silent on clean files.
set -u
one() {
    local words
    read -r -a words <<<"$1"
    [ -t 2 ] && printf '\r\033[K  TIDY %s' "${words[0]}" >&2
    if ! out=$(clang-tidy-19 --quiet --warnings-as-errors='*' "${words[0]}" -- -std=c11 -D_GNU_SOURCE "${words[@]:1}" 2>&1); then
        printf '%s\n' "$out" | grep -v -e 'warnings\? generated' -e '^Suppressed' -e '^Use -header-filter'
        return 1
    fi
}
export -f one
tr '\n' '\0' | xargs -0 -n 1 -P "$1" bash -c 'one "$0"'
rc=$?
[ -t 2 ] && printf '\r\033[K' >&2
[ $rc -eq 0 ] && echo "tidy: clean"
exit $rc
