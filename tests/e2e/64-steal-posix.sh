#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: what the host takes of the CPU is stolen time and missed periods, and no jump of the clock
# limit: 60
# soak: 20
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"

# shellcheck disable=SC2154 # tmp, srcdir, build: lib.sh; share, prefix, vcpu: posix/lib.sh
as user
image=$share/steal.elf
# shellcheck disable=SC2054 # commas are the linker's
guest_flags=(-std=gnu11 -O2 -ffreestanding -mgeneral-regs-only -mno-red-zone -march=x86-64 -fpie -fno-stack-protector
    -fcf-protection=none -fno-asynchronous-unwind-tables -Wall -Wextra -Werror
    -I"$srcdir/include" -I"$srcdir/backend-posix/include" -nostdlib -static -Wl,-z,max-page-size=0x1000
    -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-relax -Wl,-T,"$srcdir/backend-posix/pvops-posix.lds")
tap_check 'the guest builds' "${CC:-cc}" "${guest_flags[@]}" "$srcdir/tests/posix/steal.c" \
    "$build/backend-posix/libpvops-posix.a" -o "$image" || tap_done
chmod 755 "$image"

# CPU time of the vcpu process in us; a tick is 10 ms.
cpu_time() {
    echo $((($(stat_field "$vcpu" 14) + $(stat_field "$vcpu" 15)) * 10000))
}

# measure OPTIONS COMMAND…: runs the guest and, once it works, the command; sets the variables that it printed,
# and used to the CPU time that it had when it had said all but a little.
measure() {
    local options=$1 pid i line
    shift
    "${prefix[@]}" "$share/pvrun" --timeout 20 --no-input --append "$options" "$image" >"$tmp/out" 2>"$tmp/err" \
        </dev/null &
    pid=$!
    parts_of "$pid"
    for ((i = 0; i < 200; i++)); do
        grep -q begin "$tmp/out" && break
        sleep 0.01
    done
    "$@"
    used=0
    while i=$(cpu_time 2>/dev/null) && [ "${i:-0}" -gt 0 ]; do
        used=$i
        sleep 0.01
    done
    wait "$pid"
    line=$(tail -n 1 "$tmp/out")
    echo "# $line used=$used"
    elapsed=0 stolen=0 periods=0 interrupts=0 back=1 gap=0
    eval "$(grep -o '\b[a-z]*=[0-9]*' <<<"$line")"
}

# within WHAT VALUE EXPECTED: 20 % and 60 ms, in us.
within() {
    local low=$(($3 * 8 / 10 - 60000)) high=$(($3 * 12 / 10 + 60000))
    tap_check "$1" test "$2" -ge "$low" -a "$2" -le "$high" || echo "# $2 is not from $low to $high"
}

sound() {
    tap_check "$1: the clock does not go back" test "$back" -eq 0
    within "$1: stolen is what passed without the CPU" "$stolen" $((elapsed - used))
    within "$1: no period is lost" $((periods * 1000)) "$elapsed"
}

stop() {
    sleep 0.2
    kill -STOP "$vcpu"
    sleep 0.8
    kill -CONT "$vcpu"
}

spin() {
    hogs=()
    for ((i = 0; i < 2 * $(nproc); i++)); do
        (while :; do :; done) &
        hogs+=($!)
    done
    sleep 1.5
    kill "${hogs[@]}"
    wait "${hogs[@]}" 2>/dev/null
}

for ((round = 0; round < PV_TEST_N; round++)); do
    measure steal.ms=2000 stop
    sound stopped
    tap_check 'stopped: it is stolen' test "$stolen" -ge 640000
    tap_check 'stopped: it is seen as one gap' test "$gap" -ge 640000
    tap_check 'stopped: periods were missed' test $((periods - interrupts)) -ge 640

    measure steal.ms=2000 spin
    sound busy
    tap_check 'busy: some is stolen' test "$stolen" -ge 100000

    measure 'steal.ms=1000 steal.idle=1' true
    tap_check 'idle: the clock does not go back' test "$back" -eq 0
    tap_check 'idle: little is stolen' test "$stolen" -le 300000
    within 'idle: no period is lost' $((periods * 1000)) "$elapsed"
done
tap_done
