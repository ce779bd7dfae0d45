#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the session of the sample kernel prints the same on every machine, and what it should
# limit: 180
# soak: 10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../session/lib.sh"

# shellcheck disable=SC2154 # pvrun: lib.sh; expected: session/lib.sh
machines=(
    'microvm'
    'microvm,acpi=off'
    'q35'
    'pc'
    'q35 --cpu max'
)

[ "$(grep -c '^\$ ' "$expected")" -ge 40 ] || tap_not_ok 'the session has 40 commands or more'
for ((round = 0; round < PV_TEST_N; round++)); do
    # All at the same time: machines that get the CPU late and in pieces must print the same, too.
    for i in "${!machines[@]}"; do
        # shellcheck disable=SC2086 # the machine may bring options
        run_session "$i" "$(kernel native)" "$pvrun" --machine ${machines[i]} &
    done
    wait
    for i in "${!machines[@]}"; do
        judge_session "$i" "${machines[i]}"
    done
done
tap_done
