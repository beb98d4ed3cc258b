#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Proves the rules of the RTL with Yosys, ABC and z3 (yosys-smtbmc), or sees that seeded bugs break them.
#
#   hw/rtl/formal/formal.sh [-q] [-v] [-j JOBS] [-c FILE.csv] [PROOF...]    prove (all of proofs.list; -q: those marked quick)
#   hw/rtl/formal/formal.sh -b [-v] [-j JOBS] [BUG...]                      each bugs/BUG.sed has to break the rules it names
#   hw/rtl/formal/formal.sh -l                                              list proofs and their rules
#
# Run it at the root of the checkout; `make formal` generates the packages first. The rules of a module, MODULE.svh, are
# included in front of its `endmodule` in a copy of the source. Models, logs and counterexamples are kept in build/formal.
set -uo pipefail
here=hw/rtl/formal
rtl=hw/rtl
work=build/formal
gen=build/gen
jobs=${JOBS:-$(nproc)}
limit=${FORMAL_TIMEOUT:-600}
csv="" quick=0 verbose=0 bugs=0 list=0

usage() { sed -n '3,10s/^# \{0,1\}//p' "$0"; }
while getopts 'qvblhj:c:' option; do
    case $option in
        q) quick=1 ;;
        v) verbose=1 ;;
        b) bugs=1 ;;
        l) list=1 ;;
        j) jobs=$OPTARG ;;
        c) csv=$OPTARG ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))

[ -f "$here/proofs.list" ] || { echo "formal.sh: run it at the root of the checkout" >&2; exit 2; }
[[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "formal.sh: -j $jobs: a number of jobs is wanted" >&2; exit 2; }
for tool in yosys yosys-abc yosys-smtbmc z3; do
    command -v $tool >/dev/null || { echo "SKIP proofs: $tool is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
done

# proofs.list: name, top, modules with rules, configuration, parameters, method, depth, cover depth, mark.
declare -A top=() modules=() config=() parameters=() method=() depth=() reach=() mark=()
proofs=()
while read -r name t m c p how k r mk; do
    case $name in ''|'#'*) continue ;; esac
    proofs+=("$name")
    top[$name]=$t modules[$name]=$m config[$name]=$c parameters[$name]=$p method[$name]=$how depth[$name]=$k reach[$name]=$r mark[$name]=${mk:-}
done <"$here/proofs.list"

# rules PROOF: the numbered rules of its modules. Of a module with ~ it takes the invariants only, as PROOF.ys selects them.
rules() {
    local m file
    for m in ${modules[$1]//,/ }; do
        [[ $m == ~* ]] && continue
        file=$here/$m.svh
        [ -f "$file" ] || file=$here/$m.sv
        sed -n 's/.*\b\([A-Z]\{2,\}_[0-9]\{1,\}\)[a-z]\{0,1\}: assert.*/\1/p' "$file"
    done | sort -uV
}

if [ $list = 1 ]; then
    for name in "${proofs[@]}"; do printf '%-14s %-16s %s\n' "$name" "${top[$name]}" "$(rules "$name" | tr '\n' ' ')"; done
    exit 0
fi

# packages CONFIG: the generated packages that a configuration needs.
packages() {
    case $1 in
        proof) echo "$gen/tsr_isa_pkg.sv $work/proof/tsr_cfg_pkg.sv" ;;
        *) echo "$gen/tsr_isa_pkg.sv $gen/$1/tsr_cfg_pkg.sv" ;;
    esac
}

# model PROOF FOLDER [BUG RULE]: writes FOLDER/proof.aig (what has to hold), cover.aig (what has to be reachable) and names.
# With a bug in the design only the rule's assertions are left. Covers become assertions that they never happen.
model() {
    local name=$1 out=$2 bug=${3:-} rule=${4:-} m own file source script="" wanted chparam="" pair sources=() changed=""
    mkdir -p "$out"
    [ -n "$bug" ] && changed=$(sed -n 's/^# file: //p' "$here/bugs/$bug.sed")
    for file in $rtl/lib/*.sv $rtl/*.sv $here/*.sv; do
        [ -f "$file" ] || continue
        source=$file
        m=$(basename "$file" .sv)
        if [ "$file" = "$changed" ]; then
            sed -f "$here/bugs/$bug.sed" "$file" >"$out/$m.sv"
            cmp -s "$file" "$out/$m.sv" && { echo "bugs/$bug.sed changes nothing in $file: it has to follow the RTL"; return 1; }
            source=$out/$m.sv
        fi
        if [[ ",${modules[$name]//\~/}," == *",$m,"* ]]; then
            own=assert
            [ "$m" = "${top[$name]}" ] && own=assume
            [ -f "$here/$m.svh" ] || { sources+=("$source"); continue; }
            sed "s|^endmodule|\`define FV_ENV $own\n\`include \"$here/$m.svh\"\n\`undef FV_ENV\nendmodule|" "$source" >"$out/$m.spliced.sv"
            source=$out/$m.spliced.sv
        fi
        sources+=("$source")
    done
    if [ "${parameters[$name]}" != - ]; then
        for pair in ${parameters[$name]//,/ }; do chparam+=" -chparam ${pair%%=*} ${pair#*=}"; done
    fi
    [ -f "$here/$name.ys" ] && script="script $here/$name.ys"
    if [ -n "$rule" ]; then
        wanted="t:\$assert n:$rule n:${rule}[abcdef] n:*.$rule n:*.${rule}[abcdef] %u %u %u %i"
    else
        wanted="t:\$assert"
    fi
    # Registers without a value at start may have any; so may what nothing drives.
    local bits="delete -output; memory_map; async2sync; setundef -undriven -anyseq; formalff -setundef -clk2ff -ff2anyinit
opt -fast; simplemap; techmap; opt -fast; setundef -anyseq; aigmap; opt_clean"
    cat >"$out/model.ys" <<END
read_verilog -sv -formal -D FORMAL -defer $(packages "${config[$name]}") ${sources[*]}
hierarchy -check -top ${top[$name]}$chparam
prep -top ${top[$name]} -flatten -nordff
$script
select -write $out/covers t:\$cover
select -set wanted $wanted
select -set others t:\$assert @wanted %d
select -write $out/asserts @wanted
delete @others
write_ilang $out/model.il
$bits
design -save all
chformal -cover -remove
select -write $out/proof.names t:\$assert
write_aiger -B -zinit -no-startoffset -map $out/proof.aim $out/proof.aig
design -load all
delete t:\$assert
techmap -map $here/cover.v
simplemap
select -write $out/cover.names t:\$assert
write_aiger -B -zinit -no-startoffset -map $out/cover.aim $out/cover.aig
END
    if [ -n "$rule" ]; then sed -i 's/^write_ilang/chformal -cover -remove\n&/; /^design -load/,$d' "$out/model.ys"; fi
    yosys -q -l "$out/yosys.log" "$out/model.ys" >"$out/yosys.out" 2>&1 || { tail -n 5 "$out/yosys.out"; return 1; }
    ! grep -a 'Warning: .*hierconn\|implicitly declared\|Warning: .*conflicting' "$out/yosys.log"
}

# abc FOLDER NAME COMMANDS: log in FOLDER/NAME.log; what is proven or found is read from there.
abc() { timeout -k 5 "$limit" yosys-abc -c "$3" >"$1/$2.log" 2>&1; }
# found LOG: a counterexample was found. (A bounded check that ends without says "No output asserted in N frames".)
found() { grep -q 'was asserted in frame' "$1"; }
# smt FOLDER NAME OPTIONS...: the same model through yosys-smtbmc and z3. (For one clock: --unroll, else z3 expands the bank guard's
# definitions for minutes.)
smt() {
    local out=$1 name=$2
    shift 2
    [ -f "$out/model.smt2" ] || yosys -q -p "read_ilang $out/model.il; write_smt2 -wires $out/model.smt2" >"$out/smt2.log" 2>&1
    timeout -k 5 "$limit" yosys-smtbmc -s z3 --presat --noprogress "$@" "$out/model.smt2" >"$out/$name.log" 2>&1
}

# split FOLDER CLOCKS: induction, one assertion after the other: all held for CLOCKS clocks, from any state at all; this one holds
# in the next. Prints the names of those that may not; their states are in FOLDER/induction.NAME.txt.
split() {
    local out=$1 k=$2 n inputs ands states names=() answers=() i text=""
    mapfile -t names < <(sed 's|.*/||' "$out/proof.names")
    n=${#names[@]}
    abc "$out" frames "read_aiger $out/proof.aig; fold; strash; frames -F $((k + 1)); comb; strash; write_aiger $out/frames.aig"
    read -r _ _ inputs _ i ands _ < <(head -n 1 "$out/frames.aig" | tr -d '\0')
    # The outputs, a literal each, are those of the assertions clock by clock, then the next state; behind them the gates.
    head -n $((i + 1)) "$out/frames.aig" | tail -n +2 >"$out/frames.outputs"
    tail -c +$(($(head -n $((i + 1)) "$out/frames.aig" | wc -c) + 1)) "$out/frames.aig" >"$out/frames.gates"
    head -n $((k * n)) "$out/frames.outputs" | awk '{ print $1 % 2 ? $1 - 1 : $1 + 1 }' >"$out/frames.held"
    for ((i = 0; i < n; i++)); do
        { echo "aig $((inputs + ands)) $inputs 0 0 $ands 1 $((k * n))"; sed -n "$((k * n + i + 1))p" "$out/frames.outputs"
          cat "$out/frames.held" "$out/frames.gates"; } >"$out/split.$i.aig"
        text+="read_aiger $out/split.$i.aig; fold; strash; orpos; dsat; write_cex $out/split.$i.cex; "
    done
    abc "$out" induction "$text"
    mapfile -t answers < <(grep -o 'UNSATISFIABLE\|SATISFIABLE\|UNDECIDED' "$out/induction.log")
    for ((i = 0; i < n; i++)); do
        [ "${answers[i]:-}" = UNSATISFIABLE ] && continue
        echo "${names[i]##*.}"
        [ -s "$out/split.$i.cex" ] && awk -v skip="$(((k + 1) * $(head -n 1 "$out/proof.aig" | cut -d ' ' -f 3)))" '
            NR == FNR { bits = bits $0; next }
            $1 ~ /latch$/ { b = substr(bits, skip + $2 + 1, 1); value[$4] = ""; bit[$4, $3] = $1 == "latch" ? b : 1 - b; if ($3 > top[$4]) top[$4] = $3 }
            END { for (name in value) { v = ""; for (i = 0; i <= top[name]; i++) v = bit[name, i] v; print name, v } }
        ' "$out/split.$i.cex" "$out/proof.aim" | sort >"$out/induction.${names[i]}.txt"
    done
    rm -f "$out"/split.*.aig "$out"/split.*.cex
}

violated() { sed -n 's/.*Assert failed in [^:]*: \(.*\.\)\{0,1\}\([A-Za-z_0-9]*\).*/\2/p' "$1" | sort -u | tr '\n' ' '; }
outputs() { head -n 1 "$1" | awk '{ print $7 }'; }  # assertions in an AIGER file

# prove PROOF: prints a line "RULE pass|fail REASON" for each rule; a rule passes if all of its proof does.
prove() {
    local name=$1 out=$work/$1 k=${depth[$1]} bad="" why="" rule line reached=() names=() i
    rm -rf "$out"
    mkdir -p "$out"
    if ! line=$(model "$name" "$out"); then
        why="no model: $line"
    else
        for rule in $(rules "$name"); do
            grep -qE "(/|\.)$rule[a-z]?\$" "$out/asserts" || why="$rule is not in the model"
            [ "${reach[$name]}" = - ] || [[ $rule == *_A* ]] || grep -qE "(/|\.)cover_$rule\$" "$out/covers" || why="$rule has no cover"
        done
    fi
    if [ -z "$why" ] && [ "${method[$name]}" = z3 ]; then
        smt "$out" z3 --unroll -t 1 --dump-vcd "$out/counterexample.vcd" || why="violated ($(violated "$out/z3.log")): $out/counterexample.vcd"
    elif [ -z "$why" ]; then
        abc "$out" bounded "read_aiger $out/proof.aig; fold; strash; orpos; bmc3 -F $((k + 3)); write_cex -a $out/counterexample.aiw"
        if found "$out/bounded.log"; then
            limit=60 smt "$out" trace --append 0 --dump-vcd "$out/counterexample.vcd" --aig "$out/proof.aim:$out/counterexample.aiw" --aig-noheader
            bad=$(violated "$out/trace.log")
            why="violated${bad:+ ($bad)}: $out/counterexample.vcd"
        elif ! grep -q 'No output asserted in' "$out/bounded.log"; then
            why="the bounded check did not end: $out/bounded.log"
        fi
    fi
    if [ -z "$why" ] && [ "${method[$name]}" = split ]; then
        bad=$(split "$out" "$k" | tr '\n' ' ')
        [ -z "$bad" ] || why="not inductive in $k clocks (${bad% }): $out/induction.*.txt"
    fi
    if [ -z "$why" ] && [[ ${method[$name]} == induction* ]]; then
        abc "$out" induction "read_aiger $out/proof.aig; fold; strash; orpos; ind -F $k"
        if ! grep -q 'Networks are equivalent' "$out/induction.log"; then
            limit=60 smt "$out" trace -i -t "$k" --dump-vcd "$out/induction.vcd"
            bad=$(violated "$out/trace.log")
            why="not inductive in $k clocks${bad:+ ($bad)}: $out/induction.vcd, $out/induction.log"
        fi
    fi
    if [ -z "$why" ] && [ "${method[$name]}" = induction+z3 ]; then
        smt "$out" z3 -t $((k + 1)) && smt "$out" z3 -i -t "$k" || why="z3 does not agree: $out/z3.log"
    fi
    if [ -z "$why" ] && [ "${method[$name]}" = z3 ]; then
        smt "$out" cover --unroll -c -t 1 || why="vacuous, never reached: $(sed -n 's/.*Unreached cover statement at cover_\(.*\)\.$/\1/p' "$out/cover.log" | tr '\n' ' ')"
    elif [ -z "$why" ] && [ "${reach[$name]}" != - ]; then
        abc "$out" cover "$(for ((i = 0; i < $(outputs "$out/cover.aig"); i++)); do
            echo -n "read_aiger $out/cover.aig; fold; strash; cone -s -O $i; bmc3 -F ${reach[$name]}; "; done)"
        mapfile -t reached < <(grep -o 'was asserted in frame\|No output asserted' "$out/cover.log")
        mapfile -t names < <(sed 's|.*cover_||' "$out/cover.names")
        for ((i = 0; i < ${#names[@]}; i++)); do [[ ${reached[i]:-} == was* ]] || bad+="${names[i]} "; done
        [ -z "$bad" ] || why="vacuous, never reached: $bad"
    fi
    for rule in $(rules "$name"); do
        if [ -z "$why" ]; then echo "$rule pass"
        elif [[ " $bad" =~ \ $rule[a-z]?\  ]] || [ -z "$bad" ]; then echo "$rule fail $why"
        else echo "$rule fail not proven: its proof failed at another rule"; fi
    done
}

# break_rule BUG RULE PROOF: a bounded check of the mutated design for this rule alone has to fail.
break_rule() {
    local bug=$1 rule=$2 name=$3 out=$work/bugs/$1/$2 line
    rm -rf "$out"
    if ! line=$(model "$name" "$out" "$bug" "$rule"); then echo "$rule fail no model: $line"; return; fi
    [ -s "$out/asserts" ] || { echo "$rule fail $name has no such rule"; return; }
    if [ "${method[$name]}" = z3 ]; then
        smt "$out" z3 --unroll -t 1
        if grep -q 'Assert failed' "$out/z3.log"; then echo "$rule pass 0"; else echo "$rule fail the mutated design keeps it: $out/z3.log"; fi
        return
    fi
    abc "$out" bounded "read_aiger $out/proof.aig; fold; strash; orpos; bmc3 -F ${reach[$name]}"
    if found "$out/bounded.log"; then
        echo "$rule pass $(sed -n 's/.*was asserted in frame \([0-9]*\).*/\1/p' "$out/bounded.log" | tail -n 1)"
    else
        echo "$rule fail the mutated design keeps it for ${reach[$name]} clocks: $out/bounded.log"
    fi
}

passed=0 failed=0 done=0
declare -A task_of=() start_of=()
tty=0; [ -t 1 ] && tty=1

status_line() { [ $tty = 1 ] && printf '\r\033[K[%*d/%d] running %s' ${#total} "$done" "$total" "${task_of[*]}"; return 0; }
clear_line() { [ $tty = 1 ] && printf '\r\033[K'; return 0; }
seconds_since() { awk "BEGIN { printf \"%.1f\", ${EPOCHREALTIME/,/.} - $1 }"; }

# Waits for any one task and reports it.
collect() {
    local pid task seconds p=0 f=0 rule result reason
    wait -n -p pid "${!task_of[@]}"
    task=${task_of[$pid]} seconds=$(seconds_since "${start_of[$pid]}")
    unset "task_of[$pid]" "start_of[$pid]"
    done=$((done + 1))
    while read -r rule result reason; do
        if [ "$result" = pass ]; then p=$((p + 1)); else f=$((f + 1)); fi
    done <"$work/results/$task"
    [ $((p + f)) -eq 0 ] && f=1
    passed=$((passed + p)) failed=$((failed + f))
    clear_line
    "report_$kind" "$task" "$seconds" $p $f
}

report_proof() {
    local task=$1 seconds=$2 p=$3 f=$4 rule result reason shown
    shown=$([ "${parameters[$task]}" = - ] && echo "${config[$task]}" || echo "${parameters[$task]//,/ }")
    printf '[%*d/%d] %-4s %-14s %-16s %-14s %3d rules %6s s  %s\n' ${#total} $done $total "$([ "$f" -eq 0 ] && echo ok || echo FAIL)" \
        "$task" "${top[$task]}" "${method[$task]} ${depth[$task]}" $((p + f)) "$seconds" "$shown"
    [ -n "$csv" ] && while read -r rule result reason; do
        echo "$commit,$shown,${top[$task]},$rule,${method[$task]},${depth[$task]},$result,$seconds,\"${reason//\"/}\"" >>"$csv.part"
    done <"$work/results/$task"
    [ $verbose = 1 ] && while read -r rule result reason; do
        printf '        %-4s %-9s %s\n' "$result" "$rule" "$(sed -n "s/^| \`$rule\` | \(.*\) |\$/\1/p" $here/README.md)"
    done <"$work/results/$task"
    # Rules that failed for one reason share a line.
    awk '$2 == "fail" { why = $0; sub(/^[^ ]* fail ?/, "", why); if (!(why in list)) order[++n] = why; list[why] = list[why] " " $1 }
         END { for (i = 1; i <= n; i++) printf "        FAIL%s: %s\n", list[order[i]], order[i] }' "$work/results/$task"
}

report_bug() {
    local task=$1 seconds=$2 f=$4 rule result reason all=""
    while read -r rule result reason; do
        if [ "$result" = pass ]; then all+=" $rule (clock $reason)"; fi
    done <"$work/results/$task"
    printf '[%*d/%d] %-4s %-22s %6s s  breaks%s\n' ${#total} $done $total "$([ "$f" -eq 0 ] && echo ok || echo FAIL)" "$task" "$seconds" "$all"
    while read -r rule result reason; do
        [ "$result" = fail ] && echo "        FAIL $rule: $reason"
    done <"$work/results/$task"
    return 0
}

# run_bug BUG: one line for each rule that it names.
run_bug() {
    local rule name p
    for rule in $(sed -n 's/^# breaks: //p' "$here/bugs/$1.sed"); do
        name=""
        for p in "${proofs[@]}"; do
            if [ "${reach[$p]}" != - ] && rules "$p" | grep -qx "$rule"; then name=$p; break; fi
        done
        if [ -z "$name" ]; then echo "$rule fail no proof has this rule"; else break_rule "$1" "$rule" "$name"; fi
    done
}

tasks=()
if [ $bugs = 1 ]; then
    kind=bug
    if [ $# -gt 0 ]; then tasks=("$@"); else for f in "$here"/bugs/*.sed; do tasks+=("$(basename "$f" .sed)"); done; fi
    for task in "${tasks[@]}"; do
        [ -f "$here/bugs/$task.sed" ] || { echo "formal.sh: no bug named $task; there are: $(cd $here/bugs && echo *.sed | sed 's/\.sed//g')" >&2; exit 2; }
    done
else
    kind=proof
    if [ $# -gt 0 ]; then tasks=("$@"); else
        for name in "${proofs[@]}"; do [ $quick = 1 ] && [[ ${mark[$name]} != quick* ]] || tasks+=("$name"); done
    fi
    for task in "${tasks[@]}"; do
        [ -n "${top[$task]:-}" ] || { echo "formal.sh: no proof named $task; there are: ${proofs[*]}" >&2; exit 2; }
    done
fi
total=${#tasks[@]}
mkdir -p $work/results
if [ -n "$csv" ]; then
    commit=$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
    mkdir -p "$(dirname "$csv")"
    echo "commit,config,module,property,method,depth,result,seconds,detail" >"$csv.part"
fi

for task in "${tasks[@]}"; do
    while [ ${#task_of[@]} -ge "$jobs" ]; do status_line; collect; done
    rm -f "$work/results/$task"
    if [ $kind = bug ]; then run_bug "$task" >"$work/results/$task" & else prove "$task" >"$work/results/$task" & fi
    task_of[$!]=$task start_of[$!]=${EPOCHREALTIME/,/.}
done
while [ ${#task_of[@]} -gt 0 ]; do status_line; collect; done

# Every rule has a line in the README and a bug that breaks it, and nothing else has.
if [ $# -eq 0 ] && [ $quick = 0 ]; then
    all=$(for name in "${proofs[@]}"; do rules "$name"; done | sort -uV)
    if [ $kind = proof ]; then
        told=$(sed -n 's/^| `\([A-Z]*_[0-9]*\)` |.*/\1/p' $here/README.md | sort -uV)
        what="README.md's table of rules"
    else
        told=$(sed -n 's/^# breaks: //p' $here/bugs/*.sed | tr ' ' '\n' | sort -uV)
        what="bugs/"
    fi
    for rule in $(comm -3 <(echo "$all" | sort) <(echo "$told" | sort)); do
        echo "FAIL $rule: in only one of the .svh files and $what"
        failed=$((failed + 1))
    done
fi
[ -n "$csv" ] && mv "$csv.part" "$csv" && echo "results: $csv"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
