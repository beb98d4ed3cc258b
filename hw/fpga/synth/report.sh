#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# report.sh SYNTH_REPORT COMMIT CSV NETLIST...: areas and longest paths of netlists named CONFIG_FAMILY_MULTIPLIER.blif; the CSV
# appears when all of them are done.
set -euo pipefail
tool=$1 commit=$2 csv=$3
shift 3
mkdir -p "$(dirname "$csv")"
part=$csv.part
trap 'rm -f "$part"' EXIT
echo "commit,config,family,module,lut,ff,dsp,bram36,uram,longest_path,levels,multiplier" > "$part"
for netlist in "$@"; do
  IFS=_ read -r config family multiplier <<< "$(basename "$netlist" .blif)"
  printf '\n%s for %s, %s multipliers\n' "$config" "$family" "$multiplier"
  "$tool" "$family" "$config" "$commit" "$multiplier" "$netlist" "$part"
done
echo
mv "$part" "$csv"
