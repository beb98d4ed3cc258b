#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares the result files of two folders row by row: tools/bench-diff.sh OLD NEW
# Rows are matched by their words (configuration, network, layer, memory, ...; the commit aside); for numbers that moved by more
# than half a percent it shows old, new, the change, and whether that is worse or better. Exit code: 0 nothing got worse, 1
# something did, 2 nothing could be compared.
set -u
if [ $# -ne 2 ] || [ ! -d "$1" ] || [ ! -d "$2" ]; then
    echo "usage: make bench-diff A=FOLDER B=FOLDER (folders with the .csv files of two runs, such as copies of build/results)" >&2
    exit 2
fi
found=0 worse=0 better=0
for new in "$2"/*.csv; do
    old="$1/$(basename "$new")"
    [ -f "$new" ] && [ -f "$old" ] || continue
    found=1
    echo "$(basename "$new")"
    report=$(awk -F, -v header="$(head -n 1 "$new")" '
        BEGIN { n = split(header, names, ","); for (i = 1; i <= n; i++) in_new[names[i]] = 1 }
        function is_number(s) { return s ~ /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ }
        # Sizes such as m, n, k tell rows apart as words do; some words are findings.
        function is_key(name, s) {
            if (name ~ /^(m|n|k|macs|threads|images|depth)$/) return 1
            return s != "" && !is_number(s) && name !~ /^(top_stall|reason|result)$/
        }
        function key(   i, text) { # columns that one side lacks do not count
            text = ""
            for (i = 2; i <= NF; i++) if ((title[i] in in_old) && (title[i] in in_new) && is_key(title[i], $i)) text = text " " $i
            return text
        }
        function sense(name) { # 1: more is better, -1: less is
            if (name ~ /^(utilisation|accuracy|(sim_)?cycles_per_second|speed_ratio|speedup|macs_on_accelerator|fmax_mhz)$/) return 1
            if (name ~ /^bound_cycles$/) return 0
            return name ~ /(cycles|cycles_per_inference|seconds|_ms|mib|bytes_read|bytes_written|lut|ff|dsp|bram|bram36|uram|cells|longest_path|error)$/ ? -1 : 0
        }
        function magnitude(name, v) { return name == "error" && v < 0 ? -v : v }
        FNR == 1 { for (i = 1; i <= NF; i++) { title[i] = $i; if (NR == 1) in_old[$i] = 1 } next }
        NR == FNR { for (i = 2; i <= NF; i++) before[key(), title[i]] = $i; seen[key()] = 1; next }
        {
            if (!(key() in seen)) { printf "  new: %s\n", key(); next }
            for (i = 2; i <= NF; i++) {
                if (is_key(title[i], $i) || !is_number($i)) continue
                was = before[key(), title[i]]
                if (was == $i || !is_number(was)) continue
                change = was != 0 ? ($i - was) / was * 100 : 100
                if (change > -0.5 && change < 0.5) continue
                s = sense(title[i]) * (magnitude(title[i], $i) - magnitude(title[i], was))
                word = s > 0 ? "better" : s < 0 ? "worse" : "moved"
                printf "  %-6s %-40s %-22s %16s -> %-16s %+.1f%%\n", word, key(), title[i], was, $i, change
                moved++
            }
        }
        END { if (!moved) print "  no number moved by more than 0.5%" }
    ' "$old" "$new")
    echo "$report"
    worse=$((worse + $(grep -c '^  worse ' <<<"$report")))
    better=$((better + $(grep -c '^  better ' <<<"$report")))
done
if [ $found = 0 ]; then
    echo "bench-diff: the two folders have no .csv file of the same name" >&2
    exit 2
fi
echo "$worse worse, $better better"
[ $worse = 0 ]
