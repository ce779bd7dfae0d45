#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the session of the sample kernel prints the same on every machine, and what it should
# limit: 180
# soak: 10
. "$(dirname "$0")/lib.sh"

# What the session's `exit` says; pvrun has to hand it on.
session_status=42
expected=$srcdir/tests/session/expected.txt

machines=(
    'microvm'
    'microvm,acpi=off'
    'q35'
    'pc'
    'q35 --cpu max'
)

# What the committed transcript leaves out: a terminal's line ends, and addresses in a program's text, data
# and stack, which are the compiler's business.
readable() {
    sed -E 's/\r$//; s/(at|rip) 0x(4[0-9a-f]{5}|5f[0-9a-f]{10})\b/\1 ADDRESS/g' "$1"
}

# run_session NUMBER MACHINE: what was printed, on which machine, and with which status.
run_session() {
    local status=0
    # shellcheck disable=SC2086 # the machine may bring options
    limited 160 "$pvrun" --timeout 150 --no-input --machine $2 --append script=session --initrd "$initrd" \
        "$(kernel native)" >"$tmp/out.$1" 2>"$tmp/err.$1" </dev/null || status=$?
    echo "$status" >"$tmp/status.$1"
}

# judge_session NUMBER MACHINE
judge_session() {
    local status
    status=$(cat "$tmp/status.$1")
    if [ "$status" -ne "$session_status" ]; then
        echo "pvrun's status is $status, expected $session_status" >>"$tmp/err.$1"
        tap_not_ok "$2: status" "$tmp/out.$1" "$tmp/err.$1"
    else
        tap_ok "$2: status"
    fi
    if [ "$1" -eq 0 ]; then
        readable "$tmp/out.0" >"$tmp/first"
        tap_same "$2: transcript is the expected one" "$expected" "$tmp/first"
    else
        tap_same "$2: transcript is the same, byte for byte" "$tmp/out.0" "$tmp/out.$1"
    fi
}

[ "$(grep -c '^\$ ' "$expected")" -ge 40 ] || tap_not_ok 'the session has 40 commands or more'
for ((round = 0; round < PV_TEST_N; round++)); do
    # All at the same time: machines that get the CPU late and in pieces must print the same, too.
    for i in "${!machines[@]}"; do
        run_session "$i" "${machines[i]}" &
    done
    wait
    for i in "${!machines[@]}"; do
        judge_session "$i" "${machines[i]}"
    done
done
tap_done
