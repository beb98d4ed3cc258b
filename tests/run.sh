#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs test programs and sums up: tests/run.sh [-o FOLDER] PROGRAM...
#
# A test program ends with the line "N passed, N failed, N skipped" and exit code 0 when nothing failed. One that dies, runs
# over TEST_TIMEOUT seconds (default 900) or lacks that line counts as a failure. JOBS programs (default: one a processor)
# run side by side. What they print is kept in FOLDER (default build/tests/log); shown are failures and skips.
set -u
out=build/tests/log
[ "${1:-}" = "-o" ] && { out=$2; shift 2; }
jobs=${JOBS:-$(nproc)}
limit=${TEST_TIMEOUT:-900}
mkdir -p "$out"

passed=0 failed=0 skipped=0 done=0 total=$#
broken=()
declare -A name_of=() start_of=()
tty=0; [ -t 1 ] && tty=1

status_line() {
    [ $tty = 1 ] || return 0
    local running="${name_of[*]}"
    printf '\r\033[K[%*d/%d] running %s' ${#total} "$done" "$total" "${running:0:90}"
}

launch() {
    local name log
    name=${1#"${BUILD:-build}/"}; name=${name#tests/}; log="$out/${name//\//-}.log"
    case "$1" in */*) ;; *) set -- "./$1" ;; esac
    timeout -k 10 "$limit" "$1" >"$log" 2>&1 &
    name_of[$!]=$name
    start_of[$!]=$EPOCHREALTIME
}

# Waits for any one program and reports it.
collect() {
    local pid rc name log line seconds p=0 f=0 s=0 why=""
    wait -n -p pid "${!name_of[@]}"; rc=$?
    name=${name_of[$pid]}; log="$out/${name//\//-}.log"
    seconds=$(awk "BEGIN { printf \"%.1f\", ${EPOCHREALTIME/,/.} - ${start_of[$pid]/,/.} }")
    unset "name_of[$pid]" "start_of[$pid]"
    line=$(tail -n 1 "$log" | tr -d '\r')
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
    else
        why="no closing line"
    fi
    [ $rc -eq 124 ] && why="stopped after $limit seconds"
    [ $rc -ge 128 ] && why="died of signal $((rc - 128))"
    [ -z "$why" ] && [ $rc -ne 0 ] && [ "$f" -eq 0 ] && why="exit code $rc"
    [ -n "$why" ] && f=$((f + 1))
    done=$((done + 1)) passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ $tty = 1 ] && printf '\r\033[K'
    printf '[%*d/%d] %-4s %-34s %5d passed %4d failed %4d skipped %7s s%s\n' ${#total} "$done" "$total" \
        "$([ "$f" -eq 0 ] && echo ok || echo FAIL)" "$name" "$p" "$f" "$s" "$seconds" "${why:+  $why}"
    grep -a '^SKIP ' "$log" | head -n 3 | sed 's/^/        /'
    [ "$(grep -ac '^SKIP ' "$log")" -gt 3 ] && echo "        ... more in $log"
    if [ "$f" -ne 0 ]; then
        broken+=("$name")
        { grep -a '^FAIL ' "$log" | head -n 10; [ -n "$why" ] && grep -av '^SKIP ' "$log" | tail -n 25; } | sed 's/^/        /'
        echo "        all of it: $log"
    fi
}

for program in "$@"; do
    while [ ${#name_of[@]} -ge "$jobs" ]; do status_line; collect; done
    launch "$program"
done
while [ ${#name_of[@]} -gt 0 ]; do status_line; collect; done

[ "$done" -ne "$total" ] && { failed=$((failed + total - done)); echo "only $done of $total programs were run"; }
[ ${#broken[@]} -ne 0 ] && echo "failed: ${broken[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
