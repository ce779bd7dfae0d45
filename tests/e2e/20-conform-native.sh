#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the conformance suite on every machine: all tests pass, one transcript, endings and their statuses
# limit: 120
# soak: 20
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # tmp, pvrun: lib.sh
machines=(
    'microvm'
    'microvm,acpi=off'
    'q35'
    'pc'
    'q35 --cpu max --memory 3G'
)

# Tests that a machine may leave to another one, since it has not what they need: 1 GiB pages, XSAVE.
may_leave='^(ok [0-9]+ - (mmu_huge_page|fpu_invalid_area_[a-z_]*)) # SKIP (.*)'

image=$(conform native)
have qemu-system-x86_64 || tap_skip_all 'qemu-system-x86_64 is needed to run kernels of the native backend'

# --- the suite ---

# A module whose bytes the suite sums up: conform.module= in tests/conform/boot.c.
module=$tmp/module
seq 1 3000 >"$module"
sum=$(od -An -v -tu1 -w1 "$module" | awk '{ s += $1 * ((NR - 1) % 251 + 1) } END { printf "%d", s }')

# run_suite FILE "MACHINE" OPTIONS…: the transcript to FILE, what pvrun says to FILE.err, and FILE.status.
run_suite() {
    local file=$1 machine=$2 status=0
    shift 2
    # shellcheck disable=SC2086 # the machine may bring options
    limited $((90 * PV_TEST_N)) "$pvrun" --timeout $((80 * PV_TEST_N)) --no-input --machine $machine \
        --append "$*" --initrd "$module" "$image" >"$file" 2>"$file.err" </dev/null || status=$?
    echo "$status" >"$file.status"
}

# What has to be the same everywhere: all but what a machine leaves to another.
comparable() {
    sed -E "s/$may_leave/\\1/" "$1"
}

# judge_suite FILE "MACHINE"
judge_suite() {
    tap_include "$2: " <(sed -E "s/$may_leave/\\1 (left to another machine: \\3)/" "$1")
    if [ "$(cat "$1.status")" -eq 0 ]; then
        tap_ok "$2: status is 0"
    else
        echo "pvrun's status is $(cat "$1.status")" >>"$1.err"
        tap_not_ok "$2: status is 0" "$1" "$1.err"
    fi
    tap_check "$2: transcript ends with '# done'" grep -q '^# done' <(tail -n 1 "$1")
}

# All at the same time: interrupts that come late and in bunches must not change anything.
for i in "${!machines[@]}"; do
    run_suite "$tmp/out.$i" "${machines[i]}" "conform.n=$PV_TEST_N" "conform.seed=$PV_TEST_N" \
        "conform.module=$sum" &
done
wait
comparable "$tmp/out.0" >"$tmp/first"
for i in "${!machines[@]}"; do
    judge_suite "$tmp/out.$i" "${machines[i]}"
    [ "$i" -gt 0 ] || continue
    comparable "$tmp/out.$i" >"$tmp/other"
    tap_same "${machines[i]}: transcript is that of ${machines[0]}, byte for byte" "$tmp/first" "$tmp/other"
done

# What the console's tests write, again and again and each time in another way, is in console.c.
grep '^# console: ' "$tmp/first" | sort -u >"$tmp/lines"
# shellcheck disable=SC2016 # not for the shell
printf '%s\n' '# console: the quick brown fox jumps over 0123456789 !"#$%&'\''()*+,-./:;<=>?@[]^_`{|}~ LAZY DOGS' \
    >"$tmp/expected"
tap_same 'the console lost, doubled and changed nothing' "$tmp/expected" "$tmp/lines"

# passes_somewhere TEST
# shellcheck disable=SC2317 # called by tap_check
passes_somewhere() {
    local i
    for i in "${!machines[@]}"; do
        grep -q "^ok [0-9]* - $1"$'\r*$' "$tmp/out.$i" && return 0
    done
    return 1
}
sed -nE "s/$may_leave/\\2/p" "$tmp"/out.? | sort -u >"$tmp/left"
while read -r name; do
    tap_check "$name passes on a machine" passes_somewhere "$name"
done <"$tmp/left"

# --- the ways without a local APIC or I/O APIC, and with the PIT as timer ---

# fallback FILE "MACHINE" OPTIONS…
fallback() {
    run_suite "$@" conform.only=irq,line,time,cpu_idle,console,debug,preempt
}
fallback "$tmp/noapic" 'pc --cpu qemu64,-apic' &
fallback "$tmp/pic" q35 native.irq=pic &
fallback "$tmp/pit" microvm native.timer=pit &
wait
judge_suite "$tmp/noapic" 'pc without APIC'
judge_suite "$tmp/pic" 'q35 with PIC'
judge_suite "$tmp/pit" 'microvm with PIT'

# --- sizes of memory: what boot says about it stays true ---

boot_with() {
    run_suite "$tmp/boot" "$1" conform.only=boot "conform.module=$sum"
    judge_suite "$tmp/boot" "$1"
}
boot_with 'microvm --memory 32M'
boot_with 'pc --memory 1G'
boot_with 'q35 --memory 5G'

# --- with time of its own: nothing is late either, and two runs are one ---

for i in 1 2; do
    run_suite "$tmp/icount.$i" 'microvm --icount' conform.strict conform.only=time,irq,line &
done
wait
judge_suite "$tmp/icount.1" 'microvm --icount'
tap_same 'microvm --icount: two runs have one transcript' "$tmp/icount.1" "$tmp/icount.2"

# --- choosing tests ---

run_suite "$tmp/list" microvm conform.list
tap_check 'conform.list names as many tests as there are' \
    test "$(grep -c . "$tmp/list")" -eq "$(sed -n 's/^1\.\.//p' "$tmp/out.0" | tr -d '\r')"
tap_check 'no two tests have one name' test -z "$(sort "$tmp/list" | uniq -d)"
run_suite "$tmp/one" microvm conform.only=irq_save_nests
tap_check 'conform.only runs one test' grep -q '^1\.\.1' "$tmp/one"
tap_check 'conform.only runs the test that was named' grep -q '^ok 1 - irq_save_nests' "$tmp/one"

# --- endings ---

# ends MODE STATUS PATTERN [OPTION…]: status and what is said on stderr; the console's text is in $tmp/end.
ends() {
    local mode=$1 expected=$2 pattern=$3
    shift 3
    run_suite "$tmp/end" microvm "conform.mode=$mode" "$@"
    tap_check "$mode${1:+ $1}: status $expected" test "$(cat "$tmp/end.status")" -eq "$expected" ||
        tap_not_ok "$mode: what was said" "$tmp/end" "$tmp/end.err"
    [ -z "$pattern" ] || tap_check "$mode: says $pattern" grep -Eq "$pattern" "$tmp/end.err"
}
ends crash 70 'asked for by conform.mode'
tap_check 'crash: shows registers' grep -Eq '\brip +[0-9a-f]{16}' "$tmp/end.err"
tap_check 'crash: shows a backtrace with names' grep -Eq '#[0-9]+ .*pv_kernel_main' "$tmp/end.err"
tap_check 'crash: shows the last trace events' grep -Eq 'conform.* 0*1 +0*2\b' "$tmp/end.err"
ends doublefault 70 'double fault'
ends noentry 70 'breakpoint'
ends return 70 'pv_kernel_main returned'
for status in 0 1 42 255; do
    ends off "$status" '' "conform.status=$status"
done
ends off 44 '' conform.status=300

# --- those that a time limit ends, and input: at the same time, since they wait more than they work ---

# alone FILE SECONDS MODE: as run_suite, with this script's input.
alone() {
    local status=0
    limited $(($2 + 5)) "$pvrun" --timeout "$2" --append "conform.mode=$3" "$image" >"$1" 2>"$1.err" || status=$?
    echo "$status" >"$1.status"
}

longer='a longer piece than the sixteen bytes of the FIFO, at once'
type_slowly() {
    sleep 0.7
    printf 'one\ntwo\r\n\001\200\377'
    sleep 0.3
    printf '%s' "$longer"
    sleep 0.3
    printf q
    sleep 2
}
alone "$tmp/park" 3 park </dev/null &
alone "$tmp/reboot" 4 reboot </dev/null &
type_slowly | alone "$tmp/echo" 15 echo
wait
tap_check 'park: the guest stays' test "$(cat "$tmp/park.status")" -eq 124
tap_check 'park: and says nothing more' test "$(grep -c . "$tmp/park")" -eq 1
tap_check 'reboot: the kernel starts again' test "$(grep -c '^start' "$tmp/reboot")" -ge 2
tap_check 'echo: ends by the q' test "$(cat "$tmp/echo.status")" -eq 0
printf 'echo\none\ntwo\r\n\001\200\377%sq' "$longer" >"$tmp/expected"
tap_same 'echo: every byte comes back as it was' "$tmp/expected" "$tmp/echo"

tap_done
