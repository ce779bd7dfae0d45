#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: the conformance suite as a process: as root and as a user, native's transcript, endings, sizes of memory
# limit: 120
# soak: 20
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"

# shellcheck disable=SC2154 # tmp, pvrun: lib.sh; share, users, prefix: posix/lib.sh
image=$share/conform.elf

# Tests that a machine may leave to another one, since it has not what they need: RAM at 1 GiB; native, XSAVE.
may_leave='^(ok [0-9]+ - (mmu_huge_page|fpu_invalid_area_[a-z_]*)) # SKIP (.*)'

# A module whose bytes the suite sums up: conform.module= in tests/conform/boot.c.
module=$share/module
seq 1 3000 >"$module"
sum=$(od -An -v -tu1 -w1 "$module" | awk '{ s += $1 * ((NR - 1) % 251 + 1) } END { printf "%d", s }')

# run_suite FILE USER "PVRUN-OPTIONS" OPTIONS…: the transcript to FILE, what pvrun says to FILE.err, and FILE.status.
run_suite() {
    local file=$1 options=$3 status=0 prefix
    as "$2"
    shift 3
    # shellcheck disable=SC2086 # several options
    limited $((60 * PV_TEST_N)) "${prefix[@]}" "$share/pvrun" --timeout $((50 * PV_TEST_N)) --no-input $options \
        --append "$*" --initrd "$module" "$image" >"$file" 2>"$file.err" </dev/null || status=$?
    echo "$status" >"$file.status"
}

# What has to be the same on native: all but what a machine leaves to another, and how often the console's
# tests had to write their line until it said no.
comparable() {
    sed -E "s/\r\$//; s/$may_leave/\\1/" "$1" | uniq
}

# judge_suite FILE NAME
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

# --- the suite, everywhere at the same time, and native beside it ---

options=("conform.n=$PV_TEST_N" "conform.seed=$PV_TEST_N" "conform.module=$sum")
native() {
    local status=0
    limited $((90 * PV_TEST_N)) "$pvrun" --timeout $((80 * PV_TEST_N)) --no-input --append "${options[*]}" \
        --initrd "$module" "$(conform native)" >"$tmp/native" 2>"$tmp/native.err" </dev/null || status=$?
    echo "$status" >"$tmp/native.status"
}
if have qemu-system-x86_64; then
    native &
fi
for user in "${users[@]}"; do
    run_suite "$tmp/out.$user" "$user" '' "${options[@]}" &
done
wait
for user in "${users[@]}"; do
    judge_suite "$tmp/out.$user" "$user"
    comparable "$tmp/out.$user" >"$tmp/$user.txt"
    if [ -e "$tmp/native" ]; then
        comparable "$tmp/native" >"$tmp/native.txt"
        tap_same "$user: transcript is native's, byte for byte" "$tmp/native.txt" "$tmp/$user.txt"
    else
        tap_skip "$user: transcript is native's, byte for byte" 'qemu-system-x86_64 is needed for native'
    fi
done
grep '^# console: ' "$tmp/out.user" "$tmp/out.root" -h 2>/dev/null | sort -u >"$tmp/lines"
tap_check 'the console lost, doubled and changed nothing' test "$(wc -l <"$tmp/lines")" -eq 1

# What was left for lack of RAM passes with more, which costs nothing until it is touched.
run_suite "$tmp/huge" user '--memory 3G' conform.only=mmu_huge_page
tap_check 'mmu_huge_page passes with 3 GiB' grep -q '^ok 1 - mmu_huge_page$' "$tmp/huge"

# --- several on a busy host: late and in pieces ---

for ((i = 0; i < $(nproc); i++)); do
    (while :; do :; done) &
    hogs+=($!)
done
for i in 1 2 3; do
    run_suite "$tmp/busy.$i" user '' "conform.seed=$((PV_TEST_N + i))" "conform.module=$sum" &
    busy+=($!)
done
wait "${busy[@]}"
kill "${hogs[@]}"
wait "${hogs[@]}" 2>/dev/null
for i in 1 2 3; do
    judge_suite "$tmp/busy.$i" "busy host $i"
done

# --- sizes of memory: what boot says about it stays true, and only what is touched is there ---

for size in 8M 16M 100M 1G 5G 16G; do
    run_suite "$tmp/boot" user "--memory $size" conform.only=boot "conform.module=$sum"
    judge_suite "$tmp/boot" "$size"
done
run_suite "$tmp/small" user '--memory 1M' conform.only=boot
tap_check 'too little memory is said' grep -q 'needs .* of memory' "$tmp/small.err"

# Both windows of RAM count, so a page that was touched counts twice; in pages of 4 KiB (proc(5), statm).
resident() {
    local prefix pid pages=
    as user
    "${prefix[@]}" "$share/pvrun" --timeout 20 --no-input --memory 16G --append conform.mode=park "$image" \
        >"$tmp/park" 2>&1 </dev/null &
    pid=$!
    parts_of "$pid" && while ! grep -q parked "$tmp/park" && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    # shellcheck disable=SC2154 # vcpu: parts_of
    [ -n "$vcpu" ] && pages=$(cut -d ' ' -f 2 "/proc/$vcpu/statm")
    kill "$pid"
    wait "$pid"
    echo "resident: ${pages:-unknown} pages"
    [ -n "$pages" ] && [ "$pages" -lt 2048 ]
}
tap_check '16 GiB that are not touched take less than 8 MiB' resident

# --- choosing tests ---

run_suite "$tmp/list" user '' conform.list
tap_check 'conform.list names as many tests as there are' \
    test "$(grep -c . "$tmp/list")" -eq "$(sed -n 's/^1\.\.//p' "$tmp/out.user")"

# --- endings ---

# ends MODE STATUS PATTERN [OPTION…]: status and what is said on stderr; the console's text is in $tmp/end.
ends() {
    local mode=$1 expected=$2 pattern=$3
    shift 3
    run_suite "$tmp/end" user '' "conform.mode=$mode" "$@"
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
ends reboot 70 'rebooted [0-9]+ times in a row'
tap_check 'reboot: the kernel starts again' test "$(grep -c '^start' "$tmp/end")" -ge 2

# --- a time limit and input: at the same time, since they wait more than they work ---

# alone FILE SECONDS MODE: as run_suite, with this script's input.
alone() {
    local status=0 prefix
    as user
    limited $(($2 + 8)) "${prefix[@]}" "$share/pvrun" --timeout "$2" --append "conform.mode=$3" "$image" \
        >"$1" 2>"$1.err" || status=$?
    echo "$status" >"$1.status"
}

longer='a longer piece than the sixteen bytes of a FIFO, at once'
type_slowly() {
    sleep 0.5
    printf 'one\ntwo\r\n\001\200\377'
    sleep 0.3
    printf '%s' "$longer"
    sleep 0.3
    printf q
    sleep 1
}
alone "$tmp/park" 2 park </dev/null &
type_slowly | alone "$tmp/echo" 15 echo
printf q | alone "$tmp/early" 10 echo
wait
tap_check 'park: the guest stays' test "$(cat "$tmp/park.status")" -eq 124
tap_check 'park: and says nothing more' test "$(grep -c . "$tmp/park")" -eq 1
tap_check 'echo: ends by the q' test "$(cat "$tmp/echo.status")" -eq 0
printf 'echo\none\ntwo\r\n\001\200\377%sq' "$longer" >"$tmp/expected"
tap_same 'echo: every byte comes back as it was' "$tmp/expected" "$tmp/echo"
tap_check 'echo: what came before the kernel asked is not lost' test "$(cat "$tmp/early.status")" -eq 0

tap_done
