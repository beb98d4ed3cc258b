# SPDX-License-Identifier: Apache-2.0
# table.awk RECORDED.csv: the totals as a table in Markdown, for README.md.
BEGIN {
    FS = ","
    print "| configuration | family | multipliers | LUT | FF | DSP | BRAM36 | URAM | longest path (ns) | levels | MHz, about |"
    print "|---|---|---|---|---|---|---|---|---|---|---|"
}
$4 == "total" { printf "| `%s` | %s | %s | %d | %d | %d | %.1f | %d | %.1f | %d | %d |\n", $2, $3, $12, $5, $6, $7, $8, $9, $10, $11, 1000 / $10 }
