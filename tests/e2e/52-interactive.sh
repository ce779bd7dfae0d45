#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the shell on a terminal: line editing, ^C, ^D, typing beside a CPU hog, Ctrl-A x
# limit: 120
# soak: 10
. "$(dirname "$0")/lib.sh"

have expect || tap_skip_all 'expect is not installed'

# The command that the terminals below run.
printf '%q ' "$pvrun" --timeout 60 --initrd "$initrd" "$(kernel native)" >"$tmp/command"

for ((round = 0; round < PV_TEST_N; round++)); do
    for part in shell leave; do
        limited 70 expect -f "$srcdir/tests/session/$part.exp" "$(cat "$tmp/command")" \
            >"$tmp/out" 2>&1 </dev/null
        tap_include "$part: " "$tmp/out"
    done
done
tap_done
