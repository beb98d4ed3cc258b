#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.sh SYNTH.csv RECORDED.csv: the totals of the first file replace those of the same configuration, family and multiplier in
# the second one.
set -euo pipefail
[ -f "$1" ] || { echo "record.sh: $1 is not there: run make synth first"; exit 1; }
{
  head -n 1 "$1"
  { [ ! -f "$2" ] || tail -n +2 "$2"; awk -F, '$4 == "total"' "$1"; } |
    awk -F, '{ key = $2 FS $3 FS $12; if (!(key in row)) order[++n] = key; row[key] = $0 } END { for (i = 1; i <= n; i++) print row[order[i]] }' | sort -t, -k2,3 -k12,12
} > "$2.part"
mv "$2.part" "$2"
