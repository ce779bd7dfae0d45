#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: spaces by themselves: handoff, orders, kicks, their filter, attacks of user code, life and death
# limit: 120
# soak: 50
. "$(dirname "$0")/lib.sh"

# run NAME COMMAND…: the test program under this command, as TAP.
run() {
    local name=$1
    shift
    limited 100 "$@" "$build/tests/posix/space-test" "$build/backend-posix/monitor/zygote.elf" all \
        "$(times 500)" >"$tmp/tap" 2>&1 </dev/null
    tap_include "$name: " "$tmp/tap"
}

if [ "$EUID" -eq 0 ]; then
    run root
    # The build tree may lie where an ordinary user cannot go.
    cp "$build/tests/posix/space-test" "$build/backend-posix/monitor/zygote.elf" "$tmp"
    chmod 755 "$tmp" "$tmp/space-test" "$tmp/zygote.elf"
    build=$tmp/tree
    mkdir -p "$build/tests/posix" "$build/backend-posix/monitor"
    mv "$tmp/space-test" "$build/tests/posix" && mv "$tmp/zygote.elf" "$build/backend-posix/monitor"
    run 'ordinary user' setpriv --reuid=1000 --regid=1000 --clear-groups
else
    run 'ordinary user'
fi
tap_done
