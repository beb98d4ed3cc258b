#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# page.sh PAGE RECORDED.csv [check]: puts the table of recorded totals between the marks of PAGE, or fails when it is not there.
set -euo pipefail
page=$1
new=$(awk -v table="$(awk -f "$(dirname "$0")/table.awk" "$2")" '
  /<!-- end of totals -->/ { inside = 0 }
  !inside { print }
  /<!-- totals, generated/ { print table; inside = 1 }' "$page")
if [ "${3-}" = check ]; then
  [ "$new" = "$(cat "$page")" ] || { echo "$page is stale: make docs-synth"; exit 1; }
else
  printf '%s\n' "$new" > "$page.part" && mv "$page.part" "$page"
fi
