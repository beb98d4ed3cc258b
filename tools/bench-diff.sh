#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares the result files of two folders row by row: tools/bench-diff.sh OLD NEW
# Rows are matched by their words (configuration, network, layer, ...; the commit aside); for numbers that moved by more than
# half a percent it shows old, new and the change.
set -u
if [ $# -ne 2 ] || [ ! -d "$1" ] || [ ! -d "$2" ]; then
    echo "usage: make bench-diff A=FOLDER B=FOLDER (folders with the .csv files of two runs, such as copies of build/results)" >&2
    exit 2
fi
found=0
for new in "$2"/*.csv; do
    old="$1/$(basename "$new")"
    [ -f "$new" ] && [ -f "$old" ] || continue
    found=1
    echo "$(basename "$new")"
    awk -F, '
        function is_number(s) { return s ~ /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ }
        # Sizes such as m, n, k tell rows apart as words do.
        function is_key(i, s) { return !is_number(s) || title[i] ~ /^(m|n|k|macs|threads|images|depth)$/ }
        function key(   i, text) { text = ""; for (i = 2; i <= NF; i++) if (is_key(i, $i)) text = text " " $i; return text }
        FNR == 1 { for (i = 1; i <= NF; i++) title[i] = $i; next }
        FILENAME == ARGV[1] { for (i = 2; i <= NF; i++) before[key(), title[i]] = $i; seen[key()] = 1; next }
        {
            if (!(key() in seen)) { printf "  new: %s\n", key(); next }
            for (i = 2; i <= NF; i++) {
                if (is_key(i, $i)) continue
                was = before[key(), title[i]]
                if (was == $i || !is_number(was)) continue
                change = was != 0 ? ($i - was) / was * 100 : 0
                if (change > -0.5 && change < 0.5) continue
                printf "  %-40s %-22s %16s -> %-16s %+.1f%%\n", key(), title[i], was, $i, change
                moved++
            }
        }
        END { if (!moved) print "  no number moved by more than 0.5%" }
    ' "$old" "$new"
done
if [ $found = 0 ]; then
    echo "bench-diff: the two folders have no .csv file of the same name" >&2
    exit 1
fi
