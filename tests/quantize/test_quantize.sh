#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `tessera quantize` as a user meets it: samples in all forms, what it prints where, what it refuses and how. Runs from the
# project's top folder.
set -u
tessera=$PWD/${BUILD:-build}/bin/tessera
float=$PWD/models/digits/digits_float.onnx
images=$PWD/models/digits/images
samples=$PWD/tests/quantize/samples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAIL $1"
    { echo "exit code $code"; head -c 2000 "$work/out"; head -c 2000 "$work/err"; } | sed 's/^/     /'
}
call() { "$tessera" quantize "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }

# works NAME TEXT ARGUMENTS...: exit code 0, TEXT on standard output, nothing on standard error
works() {
    local name=$1 text=$2
    shift 2
    call "$@"
    if [ $code -eq 0 ] && grep -qF -- "$text" "$work/out" && [ ! -s "$work/err" ]; then pass; else fail "$name"; fi
}
# refuses CODE NAME TEXT ARGUMENTS...: that exit code, TEXT on standard error, nothing on standard output, no file
refuses() {
    local wanted=$1 name=$2 text=$3
    shift 3
    call "$@"
    if [ $code -eq "$wanted" ] && grep -q '^tessera: ' "$work/err" && grep -qF -- "$text" "$work/err" && [ ! -s "$work/out" ] &&
        [ -z "$(ls "$work" | grep -v -e '^out$' -e '^err$' -e '^kept')" ]; then
        pass
    else
        fail "$name (expected exit code $wanted and: $text)"
    fi
}
same() { if cmp -s "$2" "$3"; then pass; else code=0; : >"$work/out"; : >"$work/err"; fail "$1"; fi; }

# ---- samples in all forms
works a_folder_of_pictures_and_a_table "lose most alone: " "$float" --calibrate "$images" -o "$work/kept_folder.onnx"
works a_stored_archive "8 samples" "$float" --calibrate "$samples/stored.npz" -o "$work/kept_stored.onnx" --method minmax
works a_packed_archive "8 samples" "$float" --calibrate "$samples/packed.npz" -o "$work/kept_packed.onnx" --method minmax
works an_array_of_floats "8 samples" "$float" --calibrate "$samples/floats.npy" -o "$work/kept_floats.onnx" --method minmax
same stored_and_packed_are_the_same "$work/kept_stored.onnx" "$work/kept_packed.onnx"
same archive_and_array_are_the_same "$work/kept_stored.onnx" "$work/kept_floats.onnx"
works csv_from_an_array_of_pixels 'layer,operator,type,macs,own_sqnr_db,total_sqnr_db,scale,zero_point' "$float" --csv \
    --calibrate models/digits/test_images.npy --samples 5
mkdir "$work/kept_mixed"
cp "$images/00_is_0.png" "$images/01_is_6.png" "$work/kept_mixed"
cp tests/quantize/samples/floats.npy "$work/kept_mixed/.hidden.npy"
echo "no picture" >"$work/kept_mixed/notes.txt"
works other_files_are_left_alone "2 samples" "$float" --calibrate "$work/kept_mixed"

# ---- what is printed
"$tessera" run "$work/kept_folder.onnx" --input "$images/01_is_6.png" >"$work/out" 2>"$work/err"; code=$?
if [ $code -eq 0 ] && head -n 1 "$work/out" | grep -q "class 6"; then pass; else fail the_result_runs; fi
works layers_stay_in_float '"name":"conv3_Conv","op":"Conv","type":"float"' "$float" --calibrate "$samples/floats.npy" --json \
    --keep-float "logits_Gemm,conv[3]*"

# ---- wrong ways of calling
refuses 2 samples_are_needed "--calibrate" "$float"
refuses 2 methods_have_names "minmax, percentile, kl or mse" "$float" --calibrate "$images" --method best
refuses 2 percentiles_are_percent "at most 100" "$float" --calibrate "$images" --percentile 101
refuses 2 percentiles_are_numbers "takes a number" "$float" --calibrate "$images" --percentile most
refuses 2 percentile_and_another_method "--method percentile" "$float" --calibrate "$images" --percentile 99 --method kl
refuses 2 activations_are_8_bit "int8 or uint8" "$float" --calibrate "$images" --activations int4
refuses 2 one_form_of_report "not both" "$float" --calibrate "$images" --json --csv

# ---- wrong samples
refuses 1 a_missing_folder "no such folder or file" "$float" --calibrate "$work/nothing" -o "$work/x.onnx"
mkdir "$work/kept_empty"
refuses 1 an_empty_folder "holds no calibration files" "$float" --calibrate "$work/kept_empty" -o "$work/x.onnx"
refuses 1 a_wrong_shape "[8,1,7,8], but input image takes [1,1,8,8]" "$float" --calibrate "$samples/wrong_shape.npy" -o "$work/x.onnx"
refuses 1 a_wrong_type "float64, but input image takes float32" "$float" --calibrate "$samples/wrong_type.npy" -o "$work/x.onnx"
refuses 1 not_a_number "sample 3 of input image holds nan" "$float" --calibrate "$samples/nan.npy" -o "$work/x.onnx"
refuses 1 an_archive_without_the_input 'no array "image"' "$float" --calibrate "$samples/other_name.npz" -o "$work/x.onnx"
refuses 1 a_text_file "neither a folder nor" "$float" --calibrate Makefile -o "$work/x.onnx"
mkdir "$work/kept_bad"
head -c 100 "$images/00_is_0.png" >"$work/kept_bad/half.png"
refuses 1 half_a_picture "half.png" "$float" --calibrate "$work/kept_bad" -o "$work/x.onnx"
head -c 400 "$samples/packed.npz" >"$work/kept_cut.npz"
refuses 1 half_an_archive "truncated" "$float" --calibrate "$work/kept_cut.npz" -o "$work/x.onnx"
cp "$samples/packed.npz" "$work/kept_flipped.npz"
printf '\377\377\377' | dd of="$work/kept_flipped.npz" bs=1 seek=120 conv=notrunc status=none
refuses 1 a_damaged_archive "kept_flipped.npz" "$float" --calibrate "$work/kept_flipped.npz" -o "$work/x.onnx"

# ---- wrong models
refuses 1 a_quantised_model "quantised already" models/digits/digits_qdq.onnx --calibrate "$images" -o "$work/x.onnx"
refuses 1 a_missing_model "no such model file" "$work/nothing.onnx" --calibrate "$images" -o "$work/x.onnx"
refuses 1 a_pattern_without_a_layer "no layer is named 'conv9'" "$float" --calibrate "$images" --keep-float conv9 -o "$work/x.onnx"
refuses 1 a_folder_that_is_not_there "cannot be written" "$float" --calibrate "$samples/floats.npy" -o "$work/nowhere/x.onnx"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
