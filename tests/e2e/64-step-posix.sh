#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: a signal at every instruction of enable, idle, trap, its return, handoff: nothing lost, early or twice
# limit: 90
# soak: 10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"

# shellcheck disable=SC2154 # tmp, srcdir, build: lib.sh; share: posix/lib.sh
image=$share/step.elf
include=(-I"$srcdir" -I"$srcdir/include" -I"$srcdir/backend-posix/include" -I"$srcdir/tests/posix")
# shellcheck disable=SC2054 # commas are the linker's
guest_flags=(-std=gnu11 -O2 -ffreestanding -mgeneral-regs-only -mno-red-zone -march=x86-64 -fpie -fno-stack-protector
    -fcf-protection=none -fno-asynchronous-unwind-tables -Wall -Wextra -Werror "${include[@]}"
    -nostdlib -static -Wl,-z,max-page-size=0x1000 -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-relax
    -Wl,-T,"$srcdir/backend-posix/pvops-posix.lds")
monitor=$share/monitor.elf
cp "$build/backend-posix/monitor/monitor.elf" "$monitor"
tap_check 'the guest builds' "${CC:-cc}" "${guest_flags[@]}" "$srcdir/tests/posix/step-guest.c" \
    "$build/backend-posix/libpvops-posix.a" -o "$image" || tap_done
tap_check 'the tracer builds' "${CC:-cc}" -std=gnu11 -O2 -D_GNU_SOURCE -DMONITOR="\"$monitor\"" \
    -DWAIT="0x$(nm "$monitor" | sed -n 's/ . monitor_wait$//p')" -Wall -Wextra -Werror \
    "${include[@]}" "$srcdir/tests/posix/step.c" -o "$share/step" || tap_done
chmod 755 "$share"/*

for ((round = 0; round < PV_TEST_N; round++)); do
    status=0
    as "${users[round % ${#users[@]}]}"
    PVRUN_MONITOR=$share/step limited 80 "${prefix[@]}" "$share/pvrun" --timeout 75 --no-input "$image" \
        >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
    tap_include '' "$tmp/out"
    tap_check 'status is 0' test "$status" -eq 0 || tail -n 20 "$tmp/err" | sed 's/^/# /'
done
tap_done
