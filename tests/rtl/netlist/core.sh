#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Random programs on the netlist that Yosys makes of the whole core, against the executable specification:
# core.sh [VARIANT CONFIG...], default netlist tiny, which is what `make test` runs; the variants are those of
# tests/rtl/module.mk. NETLIST_PROGRAMS programs each (default 200).
set -u
programs=${NETLIST_PROGRAMS:-200}
variant=${1:-netlist}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- tiny
if ! command -v yosys >/dev/null; then
    echo "SKIP the netlist of the whole core: yosys is not installed (make packages)"
    echo "0 passed, 0 failed, $((programs * $#)) skipped"
    exit 0
fi
exec "${BUILD:-build}/bin/lockstep" -c "$(IFS=,; echo "$*")" -x "$variant" -n "$programs" -o "${BUILD:-build}/lockstep/$variant"
