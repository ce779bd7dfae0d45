#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: the session of the sample kernel as a process: native's transcript; its shell on a terminal
# limit: 120
# soak: 20
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"
. "$(dirname "$0")/../session/lib.sh"

# shellcheck disable=SC2154 # tmp, pvrun: lib.sh; share, users, prefix: posix/lib.sh
initrd=$share/initrd.cpio

# Number 0 is what the others are compared with: native where there is QEMU. All at the same time.
for ((round = 0; round < PV_TEST_N; round++)); do
    names=()
    if have qemu-system-x86_64; then
        run_session 0 "$(kernel native)" "$pvrun" &
        names=(native)
    fi
    for user in "${users[@]}"; do
        as "$user"
        for options in '' '--memory 2G'; do
            # shellcheck disable=SC2086 # several options
            run_session "${#names[@]}" "$share/kernel.elf" "${prefix[@]}" "$share/pvrun" $options &
            names+=("$user $options")
        done
    done
    wait
    for i in "${!names[@]}"; do
        judge_session "$i" "${names[i]% }"
    done
done

if have expect; then
    for ((round = 0; round < PV_TEST_N; round++)); do
        as user
        talk '' "${prefix[@]}" "$share/pvrun" --timeout 60 --initrd "$initrd" "$share/kernel.elf"
    done
else
    tap_skip 'the shell on a terminal' 'expect is not installed'
fi
tap_done
