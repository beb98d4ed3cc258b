# SPDX-License-Identifier: Apache-2.0
# fit.awk [-v recorded=FILE] PARTS SYNTH.csv: each total against the parts of its family, and against recorded totals. Fails when a
# configuration does not fit a part that it must fit, or needs over 2 % more of something, or its longest path is over 5 %
# longer, than recorded.
BEGIN {
    split("lut ff dsp bram36 uram", what, " ")
    while (recorded != "" && (getline line < recorded) > 0) {
        split(line, r, ",")
        for (i = 5; i <= 10; i++) was[r[2], r[3], r[12], i] = r[i]
    }
}
FNR == NR { if ($0 !~ /^#/ && NF >= 8) { part[++parts] = $1; family[$1] = $2; must[$1] = $8; for (i = 1; i <= 5; i++) limit[$1, i] = $(i + 2) } next }
FNR == 1 || $0 == "" { FS = ","; next }
{ split($0, f, ",") }
f[4] == "total" {
    for (p = 1; p <= parts; p++) {
        name = part[p]
        if (family[name] != f[3]) continue
        worst = 0; text = ""
        for (i = 1; i <= 5; i++) {
            if (limit[name, i] == 0) { if (f[i + 4] > 0) worst = 9; continue }
            share = f[i + 4] / limit[name, i]
            if (share > worst) worst = share
            text = text sprintf("  %s %3.0f %%", what[i], 100 * share)
        }
        fits = worst <= 1
        needed = must[name] == f[2] && f[12] == "packed"
        if (fits || needed) printf "%-8s %-7s %-9s %s%s\n", f[2], f[12], name, fits ? "fits:" : "DOES NOT FIT:", text
        if (!fits && needed) bad++
    }
    for (i = 5; i <= 10; i++) {
        old = was[f[2], f[3], f[12], i]
        if (old != "" && f[i] > old * (i == 10 ? 1.05 : 1.02) && f[i] - old > 0.5) {
            printf "%s, %s, %s: %s was %s and is %s; `make synth-record` accepts that\n", f[2], f[3], f[12], i == 10 ? "longest_path" : what[i - 4], old, f[i]
            bad++
        }
    }
}
END { exit bad > 0 }
