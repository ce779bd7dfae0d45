#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the shell on a terminal: line editing, ^C, ^D, typing beside a CPU hog, Ctrl-A x
# limit: 120
# soak: 10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../session/lib.sh"

have expect || tap_skip_all 'expect is not installed'

for ((round = 0; round < PV_TEST_N; round++)); do
    # shellcheck disable=SC2154 # pvrun, initrd: lib.sh
    talk '' "$pvrun" --timeout 60 --initrd "$initrd" "$(kernel native)"
done
tap_done
