#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command `tessera` as a user meets it: what it prints where, and its exit codes. Runs from the project's top folder.
set -u
build=$PWD/${BUILD:-build}
tessera=$build/bin/tessera
digits=$PWD/models/digits
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAIL $1"
    { echo "exit code $code"; head -c 2000 "$work/out"; head -c 2000 "$work/err"; } | sed 's/^/     /'
}
skip() { skipped=$((skipped + 1)); echo "SKIP $1"; }

# call ARGUMENTS...: leaves $code, $work/out, $work/err
call() { "$tessera" "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }

# works NAME TEXT ARGUMENTS...: exit code 0, TEXT on standard output, nothing on standard error
works() {
    local name=$1 text=$2
    shift 2
    call "$@"
    if [ $code -eq 0 ] && grep -qF -- "$text" "$work/out" && [ ! -s "$work/err" ]; then pass; else fail "$name"; fi
}

# refuses CODE NAME TEXT ARGUMENTS...: that exit code, "tessera: ...TEXT..." on standard error, nothing on standard output
refuses() {
    local wanted=$1 name=$2 text=$3
    shift 3
    call "$@"
    if [ $code -eq "$wanted" ] && grep -q '^tessera: ' "$work/err" && grep -qF -- "$text" "$work/err" && [ ! -s "$work/out" ]; then
        pass
    else
        fail "$name (expected exit code $wanted and: $text)"
    fi
}

same() { if cmp -s "$2" "$3"; then pass; else code=0; : >"$work/out"; : >"$work/err"; fail "$1"; fi; }
absent() { if [ ! -e "$2" ]; then pass; else fail "$1: $2 is there"; fi; }

# ---- help and misuse
works help_lists_the_commands "disasm" help
works dash_dash_help_is_help "Exit code" --help
works version_names_the_instruction_set "instruction set" version
for command in run compile quantize info profile asm disasm devices serve selftest xclbin; do
    works "help_of_$command" "Usage: tessera $command" "$command" --help
    works "help_of_${command}_has_examples" "Examples:" help "$command"
    refuses 2 "${command}_refuses_unknown_options" "there is no option --nonsense" "$command" --nonsense
done
call
if [ $code -eq 2 ] && grep -q Usage "$work/err" && [ ! -s "$work/out" ]; then pass; else fail no_command_is_misuse; fi
refuses 2 unknown_command 'no command "fly"' fly
refuses 2 run_needs_a_model "too few arguments" run
refuses 2 run_needs_an_input "--input" run "$digits/digits_qdq.onnx"
refuses 2 options_need_their_value "--input needs FILE" run "$digits/digits_qdq.onnx" --input
refuses 2 threads_have_a_limit "at most 64" run "$digits/digits_qdq.onnx" --input x --threads 65
refuses 2 numbers_are_numbers "takes a number" run "$digits/digits_qdq.onnx" --input x --top five
refuses 2 numbers_are_not_negative "takes a number" run "$digits/digits_qdq.onnx" --input x --top=-1
refuses 2 compile_needs_an_output "say with -o" compile "$digits/digits_qdq.onnx"
refuses 2 cpus_are_listed "avx512, avx2, baseline, portable, native" compile "$digits/digits_qdq.onnx" -o "$work/x.tsr" --cpu fast
refuses 2 one_model_only "too many" info a b

# ---- the digits network
image=$digits/images/01_is_6.png
works run_on_func "class 6" run "$digits/digits_qdq.onnx" --input "$image" --device func --output "$work/func.npy"
works run_on_cpu "class 6" run "$digits/digits_qdq.onnx" --input "$image" --device cpu --output "$work/cpu.npy"
same func_and_cpu_agree "$work/func.npy" "$work/cpu.npy"
works run_finds_labels "six" run "$digits/digits_qdq.onnx" --input image="$image" --labels "$digits/digits.txt" --top 1
works run_speaks_json '"label":"six"' run "$digits/digits_qdq.onnx" --input "$image" --labels "$digits/digits.txt" --json
works float_model_on_cpu "class 6" run "$digits/digits_float.onnx" --input "$image" --device cpu
works profile_lists_steps "accelerator" run "$digits/digits_qdq.onnx" --input "$image" --profile
works options_may_come_first "class 6" run --input="$image" --top=2 "$digits/digits_qdq.onnx"
works info_tells_where "accelerator" info "$digits/digits_qdq.onnx"
works info_speaks_json '"on_accelerator":true' info "$digits/digits_qdq.onnx" --json --config tiny
works info_of_a_model_for_the_cpu "0 on the accelerator" info "$digits/digits_qdq.onnx" --host-only
works devices_lists_drivers "func" devices
works devices_lists_configurations "pynq" devices
works devices_speaks_json '"configurations":[' devices --json
works dump_after_import_prints_the_graph "Conv" compile "$digits/digits_qdq.onnx" --dump-after import
refuses 1 dump_after_names_its_stages "there are import, dead, fold" compile "$digits/digits_qdq.onnx" --dump-after unfold
works dump_after_tensor_prints_programs_of_both_processors "  acc i32 acc[" compile "$digits/digits_qdq.onnx" --dump-after tensor
works dump_after_the_second_run_of_a_pass "= Conv" compile "$digits/digits_qdq.onnx" --dump-after layout:2 --dump-data
cp "$work/out" "$work/digits.tsg"
works a_dumped_graph_is_a_model "class 6" run "$work/digits.tsg" --input "$digits/images/01_is_6.png" --device func

works compile_writes_a_file "on the accelerator (pynq)" compile "$digits/digits_qdq.onnx" -o "$work/d.tsr"
works info_reads_it "compiled for pynq" info "$work/d.tsr"
# Another process has other addresses, and here another environment and memory that is not zero.
MALLOC_PERTURB_=85 OTHER=1 works compile_again "on the accelerator (pynq)" compile "$digits/digits_qdq.onnx" -o "$work/d_again.tsr"
same two_processes_compile_to_the_same_bytes "$work/d.tsr" "$work/d_again.tsr"
works place_moves_a_layer "as the user placed it" info "$digits/digits_qdq.onnx" --place conv2_Conv=cpu
refuses 1 place_needs_a_node "no node has such a name" info "$digits/digits_qdq.onnx" --place conv9=cpu
works info_tells_the_peak_of_memory "of activations at their peak" info "$digits/digits_qdq.onnx"
works disasm_reads_it "finish" disasm "$work/d.tsr"
works run_reads_it "class 6" run "$work/d.tsr" --input "$image" --device func --output "$work/tsr.npy"
same compiled_and_imported_agree "$work/tsr.npy" "$work/func.npy"
works compile_for_the_host "none" compile "$digits/digits_qdq.onnx" --host-only --cpu baseline -o "$work/host.tsr"
works a_host_program_runs_on_cpu "class 6" run "$work/host.tsr" --input "$image"
works a_prefix_gets_numbers "class 6" run "$work/d.tsr" --input "$image" --output "$work/out_"
same prefix_and_name_agree "$work/out_0.npy" "$work/tsr.npy"

if call run "$work/d.tsr" --input "$image" --device rtl --output "$work/rtl.npy"; [ $code -eq 0 ]; then
    pass
    same rtl_and_func_agree "$work/rtl.npy" "$work/func.npy"
    works rtl_counts_cycles "cycles" run "$work/d.tsr" --input "$image" --device rtl:config=pynq,latency=100
elif grep -q "make sims" "$work/err"; then
    skip "run_on_rtl: the simulators are not built"
else
    fail run_on_rtl
fi

# ---- each mistake has its own message
refuses 1 missing_model "no such model file" run "$work/none.onnx" --input "$image"
refuses 1 missing_image "cannot be opened" run "$digits/digits_qdq.onnx" --input "$work/none.png"
refuses 1 a_folder_is_no_model "cannot be read" info "$work"
echo "not a model" >"$work/text.onnx"
refuses 1 text_is_no_model "$work/text.onnx" info "$work/text.onnx"
refuses 1 text_is_no_picture "neither a .npy file nor" run "$digits/digits_qdq.onnx" --input "$digits/digits.txt"
refuses 1 unknown_device 'no device driver is called "gpu"' run "$digits/digits_qdq.onnx" --input "$image" --device gpu
refuses 1 unknown_device_option "func" run "$digits/digits_qdq.onnx" --input "$image" --device func:speed=9
refuses 1 unknown_configuration "no configuration is called huge" run "$digits/digits_qdq.onnx" --input "$image" --config huge
refuses 1 configuration_given_twice "given twice" run "$digits/digits_qdq.onnx" --input "$image" --config tiny --device func:config=pynq
refuses 1 program_for_another_configuration "compile the model for tiny" run "$work/d.tsr" --input "$image" --config tiny
refuses 1 accelerator_program_on_cpu "accelerator" run "$work/d.tsr" --input "$image" --device cpu
refuses 1 wrong_shape "takes float32 [1,1,8,8]" run "$digits/digits_qdq.onnx" --input "$digits/test_images.npy"
refuses 1 too_many_inputs "has 1 input" run "$digits/digits_qdq.onnx" --input "$image" --input "$image"
refuses 1 an_input_twice "given before" run "$digits/digits_qdq.onnx" --input "$image" --input image="$image"
refuses 1 compiled_twice "compiled model already" compile "$work/d.tsr" -o "$work/dd.tsr"
refuses 1 missing_labels "cannot be opened" run "$digits/digits_qdq.onnx" --input "$image" --labels "$work/none.txt"
refuses 1 bad_mean "--mean takes" run "$digits/digits_qdq.onnx" --input "$image" --mean x
head -c 100 "$image" >"$work/cut.png"
refuses 1 cut_picture "$work/cut.png: byte" run "$digits/digits_qdq.onnx" --input "$work/cut.png"
head -c 9000 "$digits/digits_qdq.onnx" >"$work/cut.onnx"
refuses 1 cut_model "$work/cut.onnx" compile "$work/cut.onnx" -o "$work/cut.tsr"
absent a_failed_compile_writes_nothing "$work/cut.tsr"
head -c 5000 "$work/d.tsr" >"$work/short.tsr"
refuses 1 cut_program "$work/short.tsr" run "$work/short.tsr" --input "$image"
refuses 1 output_folder_missing "$work/no/d.tsr" compile "$digits/digits_qdq.onnx" -o "$work/no/d.tsr"
TESSERA_SIM_DIR=$work refuses 1 missing_simulator "make sims" run "$digits/digits_qdq.onnx" --input "$image" --device rtl
TESSERA_SIM_DIR=$work works devices_says_what_is_missing "make sims" devices
call run "$digits/digits_qdq.onnx" --input "$image"
"$tessera" run "$digits/digits_qdq.onnx" --input "$image" >/dev/full 2>"$work/err"; code=$?
if [ $code -eq 1 ]; then pass; else fail a_full_disk_is_no_success; fi

# ---- assembler
cat >"$work/one.s" <<'END'
        load inp, seg=1, dram=0x40, run=64, signal=gemm
        finish
data:   .byte 1, 2, 3
END
works asm_writes_an_image "2 instructions at byte 0" asm "$work/one.s" -o "$work/one.bin"
works disasm_lists_it "load inp, seg=1, dram=0x40, run=64, signal=gemm" disasm "$work/one.bin"
cp "$work/out" "$work/two.s"
works asm_takes_the_listing "2 instructions" asm "$work/two.s" -o "$work/two.bin"
same listing_gives_the_same_image "$work/one.bin" "$work/two.bin"
echo "load nowhere" >"$work/bad.s"
refuses 1 asm_errors_have_a_line "$work/bad.s:1" asm "$work/bad.s" -o "$work/bad.bin"
absent a_failed_asm_writes_nothing "$work/bad.bin"
refuses 1 disasm_offset_past_the_end "--offset" disasm "$work/one.bin" --offset 6400

# ---- xclbin files
works xclbin_writes_one "configuration tiny, hardware emulation" xclbin write --config tiny -o "$work/a.xclbin"
works xclbin_writes_it_again "configuration tiny" xclbin write --config tiny -o "$work/b.xclbin"
same equal_input_gives_an_equal_xclbin "$work/a.xclbin" "$work/b.xclbin"
works xclbin_info_lists_instances "tessera:tessera_1" xclbin info "$work/a.xclbin"
works xclbin_info_speaks_json '"name":"seg3","memory":"bank0"' xclbin info "$work/a.xclbin" --json
works xclbin_check_finds_it_good "good, configuration tiny" xclbin check "$work/a.xclbin" --config tiny
works xclbin_kernel_xml_has_the_registers 'offset="0x44"' xclbin kernel-xml --config wide
works xclbin_embed_replaces_the_configuration "configuration pynq" xclbin embed "$work/a.xclbin" --config pynq -o "$work/c.xclbin"
refuses 1 xclbin_check_names_both_configurations "is of configuration tiny" xclbin check "$work/a.xclbin" --config pynq
refuses 1 xclbin_refuses_other_files "is no xclbin" xclbin info "$work/one.bin"
head -c 900 "$work/a.xclbin" >"$work/cut.xclbin"
refuses 1 xclbin_that_is_cut "cut off" xclbin check "$work/cut.xclbin"
refuses 2 xclbin_needs_an_action "say what to do" xclbin
refuses 2 xclbin_knows_its_actions 'no action "burn"' xclbin burn
refuses 2 xclbin_write_needs_an_output "say with -o" xclbin write --config tiny
refuses 2 xclbin_for_a_board_needs_a_bitstream "needs its --bitstream" xclbin write --board x.board -o "$work/x.xclbin"
refuses 2 xclbin_for_emulation_takes_no_bitstream "takes no --bitstream" xclbin write --bitstream "$work/one.bin" -o "$work/x.xclbin"
printf '\x00\x09\x0f\xf0\x0f\xf0\x0f\xf0\x0f\xf0\x00\x00\x01a\x00\x02t\x00b\x00\x0c7z020clg400\x00c\x00\x02d\x00d\x00\x02t\x00e\x00\x00\x00\x01x' >"$work/z.bit"
works xclbin_for_a_board "configuration pynq, hardware" xclbin write --board hw/fpga/boards/pynq-z2.board --bitstream "$work/z.bit" -o "$work/z.xclbin"
works xclbin_for_a_board_is_good "good, configuration pynq" xclbin check "$work/z.xclbin"
works xclbin_info_has_the_bitstream "bitstream" xclbin info "$work/z.xclbin"
works xclbin_for_an_emulated_board "hardware emulation" xclbin write --board hw/fpga/boards/kv260.board --emulation -o "$work/k.xclbin"
refuses 1 xclbin_refuses_another_part "is a bitstream for part 7z020clg400" xclbin write --board hw/fpga/boards/kv260.board --bitstream "$work/z.bit" -o "$work/x.xclbin"
refuses 1 xclbin_refuses_what_is_no_bitstream "is no .bit file" xclbin write --board hw/fpga/boards/kv260.board --bitstream "$work/one.bin" -o "$work/x.xclbin"
refuses 1 xclbin_of_a_card_is_linked "the vendor's linker writes" xclbin write --board hw/fpga/boards/u50.board --bitstream "$work/z.bit" -o "$work/x.xclbin"
absent a_refused_xclbin_writes_nothing "$work/x.xclbin"

# ---- the photographs, where they are
shared=$PWD/../shared/models/imagenet
if [ -d "$shared" ]; then
    v2=$shared/mobilenet_v2_1.0_224_int8.tflite labels=$shared/imagenet_labels.txt
    works cat_is_a_cat "cat" run "$v2" --input "$shared/cat.bmp" --labels "$labels" --device cpu --top 1
    works grace_hopper_wears_a_uniform "military uniform" run "$v2" --input "$shared/grace_hopper.bmp" --labels "$labels" --device cpu --top 1
else
    skip "photographs: no ../shared/models/imagenet"
fi

# ---- profile
works profile_names_layers_and_what_they_wait_for "waits for" profile "$digits/digits_qdq.onnx" --device timing
# LOADs complete in order: the micro-ops that give GEMM its token are there long before the weights in front of them.
works profile_names_the_load_that_took_the_time "waits for weights (59" profile "$digits/digits_qdq.onnx" --device timing:config=batch4,bandwidth=5
works profile_sums_up "all" profile "$digits/digits_qdq.onnx" --device timing
call profile "$digits/digits_qdq.onnx" --device timing --csv; cp "$work/out" "$work/a.csv"
call profile "$digits/digits_qdq.onnx" --device rtl --csv; cp "$work/out" "$work/rtl.csv"
total() { awk -F, 'NR > 1 { sum += $6 } END { print sum + 0 }' "$1"; }
if grep -q "make sims" "$work/err"; then skip "cycle_model_is_within_3_percent_of_the_rtl: no simulator is built"
elif awk -v a="$(total "$work/a.csv")" -v b="$(total "$work/rtl.csv")" 'BEGIN { exit !(b > 0 && (a - b) * (a - b) < 0.0009 * b * b) }'; then pass
else fail cycle_model_is_within_3_percent_of_the_rtl; fi
works profile_compares_two_runs "+0.00 %" profile --compare "$work/a.csv" "$work/a.csv"
call profile "$digits/digits_qdq.onnx" --device timing --pictures "$work/p" --trace "$work/t.json" --html "$work/p.html"
good=1
for picture in timeline roofline waits; do
    head -c 8 "$work/p-$picture.png" 2>/dev/null | grep -aq PNG && grep -q "<svg" "$work/p-$picture.svg" || good=0
done
if [ $code -eq 0 ] && [ $good -eq 1 ]; then pass; else fail profile_draws_three_pictures; fi
if python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["otherData"]["events_left_out"]=="0" and len(d["traceEvents"])>50' "$work/t.json" 2>/dev/null; then pass
elif ! command -v python3 >/dev/null; then skip "profile_writes_a_trace: python3 is not installed"
else fail profile_writes_a_trace; fi
if [ "$(grep -o '<svg' "$work/p.html" | wc -l)" -eq 3 ] && ! grep -q 'src="http\|href="http' "$work/p.html"; then pass; else fail profile_page_needs_no_network; fi
# Readers drop an arrow that ends before it begins, and draw spans of a row that overlap in a wrong way.
if awk -F'"ts":|,"dur":|,"id":|,"name":|"tid":' '
    /"ph":"s"/ { begin = $3 + 0; arrows++ }
    /"ph":"f"/ { if ($3 + 0 < begin) bad++ }
    /"ph":"X"/ { row = $2 + 0; if ($3 + 0 < end[row]) bad++; end[row] = $3 + $4 }
    END { exit !(arrows > 10 && bad == 0) }' "$work/t.json"; then pass; else fail profile_trace_has_no_arrow_back_in_time_and_no_overlap; fi
call profile "$digits/digits_qdq.onnx" --device timing --trace "$work/t.json" --trace-events 10
if [ $code -eq 0 ] && grep -q 'events left out' "$work/err"; then pass; else fail profile_bounds_the_trace; fi
refuses 1 profile_needs_a_clock "has no clock" profile "$digits/digits_qdq.onnx" --device func
refuses 1 profile_of_a_float_model_says_why "runs on the CPU alone" profile "$digits/digits_float.onnx" --device timing
refuses 2 profile_compare_takes_two_files "two files" profile --compare "$work/a.csv"
refuses 1 profile_compare_refuses_other_files "no output of" profile --compare "$digits/digits.txt" "$work/a.csv"

# ---- a program of one's own: docs/example.c with libtessera.a says what `tessera run` says
if nm -g --defined-only "$build/lib/libtessera.a" | awk 'NF == 3 && $3 !~ /^(tsr_|__odr_asan)/ { bad = 1; print } END { exit NR < 50 || bad }' >"$work/names"
then pass; else fail "library_has_no_other_names_than_its_own: $(head -n 3 "$work/names")"; fi
for _ in {1..16}; do printf '\0\0\200\77\0\0\0\0\0\0\0\77\0\0\0\0'; done >"$work/input.bin" # 1, 0, 0.5, 0, ... as float32
{ printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 8, 8), }"; cat "$work/input.bin"; } >"$work/input.npy"
call compile "$digits/digits_qdq.onnx" -o "$work/digits.tsr"
call run "$work/digits.tsr" --input "$work/input.npy" --device func --output "$work/output.npy"
tail -c 40 "$work/output.npy" | od -A n -v -t f4 -w4 | awk '{ printf "%g\n", $1 }' >"$work/expected"
for device in func timing; do
    "$build/example" "$work/digits.tsr" $device "$work/input.bin" >"$work/own"
    same "example_runs_on_$device" "$work/expected" "$work/own"
done
cp "$build/example" "$work/elsewhere"
"$work/elsewhere" "$work/digits.tsr" func "$work/input.bin" >"$work/out" 2>"$work/err"
code=$?
if [ $code -ne 0 ] && grep -q "isa/configs around this program.*TESSERA_CONFIGS" "$work/err"; then pass; else fail program_elsewhere_is_told_what_it_lacks; fi
TESSERA_CONFIGS=$PWD/isa/configs "$work/elsewhere" "$work/digits.tsr" func "$work/input.bin" >"$work/own"
same program_elsewhere_runs_when_told_where "$work/expected" "$work/own"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
