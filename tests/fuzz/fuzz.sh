#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS TARGET...: libFuzzer on each target, starting from the repo's own files. What it finds stays in
# $BUILD/corpus/TARGET, so that the next search goes on from there; inputs that fail are in $BUILD/failures.
set -u
seconds=$1
shift
failed=0
mkdir -p "$BUILD/failures"
for target in "$@"; do
    corpus=$BUILD/corpus/$target
    seeds=$BUILD/seeds/$target
    mkdir -p "$corpus" "$seeds"
    case $target in
    onnx | compile)
        cp models/digits/*.onnx "$seeds"
        for model in tests/models/qdq/*/model.onnx tests/onnx/cases/*/model.onnx; do cp "$model" "$seeds/$(basename "$(dirname "$model")").onnx"; done
        ;;&
    tflite | compile) cp tests/import/*.tflite "$seeds" ;;&
    graph | compile) cp tests/fuzz/corpus/graph/*.tsg "$seeds" ;;&
    # Compiled models without host code, which alone are run.
    program | program_mended)
        for model in conv requant; do
            build/bin/tessera compile "tests/fuzz/corpus/graph/$model.tsg" --place '*=accelerator' -o "$seeds/$model.tsr" >/dev/null
        done
        ;;
    asm) find isa tests -name '*.asm' -exec cp {} "$seeds" \; ;;
    xclbin) build/bin/tessera xclbin write --config pynq -o "$seeds/pynq.xclbin" >/dev/null ;;
    board) cp hw/fpga/boards/*.board "$seeds" ;;
    config) cp isa/configs/*.cfg "$seeds" ;;
    esac
    echo "fuzz $target: $seconds s"
    "$BUILD/bin/fuzz-$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$BUILD/failures/$target-" "$corpus" "$seeds" >"$BUILD/fuzz-$target.log" 2>&1
    if [ $? -ne 0 ]; then
        tail -n 40 "$BUILD/fuzz-$target.log"
        failed=$((failed + 1))
    else
        grep -E 'number_of_executed_units|new_units_added|peak_rss' "$BUILD/fuzz-$target.log"
    fi
done
[ $failed -eq 0 ] || { echo "$failed of $# targets failed; the inputs are in $BUILD/failures"; exit 1; }
