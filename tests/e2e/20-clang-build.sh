#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: everything builds with clang, without a warning
# limit: 240
. "$(dirname "$0")/lib.sh"

have clang || tap_skip_all 'clang is not installed'

second_configure >"$tmp/out" 2>&1 || { tap_not_ok 'configure CC=clang' "$tmp/out" && tap_done; }
tap_ok 'configure CC=clang'
tap_check 'make with -Werror' second_make all check-programs
if grep -q 'warning:' "$tmp/tap_check"; then
    tap_not_ok 'no warnings' "$tmp/tap_check"
else
    tap_ok 'no warnings'
fi
tap_done
