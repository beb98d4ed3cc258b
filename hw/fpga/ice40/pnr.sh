#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Places and routes NAME.json for an iCE40 HX8K (ct256), packs NAME.bin, and writes the figures to CSV.
# pnr.sh NAME SEED COMMIT CSV
set -euo pipefail
name=$1 seed=$2 commit=$3 csv=$4
for tool in nextpnr-ice40 icepack; do
  command -v $tool >/dev/null || { echo "ice40: $tool is not installed: make packages"; exit 1; }
done
echo "  PNR  $name.asc (minutes)"
nextpnr-ice40 --hx8k --package ct256 --json "$name.json" --pcf hw/fpga/ice40/pins.pcf --freq 50 --timing-allow-fail --seed "$seed" --asc "$name.asc" \
  > "$name.pnr.log" 2>&1 || { grep -E 'ERROR' "$name.pnr.log" || tail -n 5 "$name.pnr.log"; exit 1; }
icepack "$name.asc" "$name.bin"
cells=$(sed -n 's/.*ICESTORM_LC: *\([0-9]*\)\/.*/\1/p' "$name.pnr.log" | tail -n 1)
bram=$(sed -n 's/.*ICESTORM_RAM: *\([0-9]*\)\/.*/\1/p' "$name.pnr.log" | tail -n 1)
fmax=$(sed -n "s/.*Max frequency for clock '[^']*clk_i[^']*': \([0-9.]*\) MHz.*/\1/p" "$name.pnr.log" | tail -n 1)
[ -n "$cells" ] && [ -n "$bram" ] && [ -n "$fmax" ] || { echo "ice40: no figures in $name.pnr.log"; exit 1; }
mkdir -p "$(dirname "$csv")"
printf 'commit,config,part,cells,bram,fmax_mhz\n%s,gemm_1x4x4,hx8k-ct256,%s,%s,%s\n' "$commit" "$cells" "$bram" "$fmax" > "$csv.part"
mv "$csv.part" "$csv"
echo "iCE40 HX8K: $cells of 7680 cells, $bram of 32 block RAMs, $fmax MHz; bitstream $name.bin"
