#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: the manual is built without a warning
# limit: 120
. "$(dirname "$0")/lib.sh"

have doxygen || tap_skip_all 'doxygen is not installed'

tap_check 'make doc' make -C "$build" doc
cp "$tmp/tap_check" "$tmp/out"
# Fields and constants may speak for themselves (r15, PV_PAGE_SIZE); functions and types may not.
grep -E 'warning:|error:' "$tmp/out" |
    grep -vE '\((variable|macro definition)\) .*is not documented' >"$tmp/warnings"
if [ -s "$tmp/warnings" ]; then
    tap_not_ok 'doxygen has no warnings' "$tmp/warnings"
else
    tap_ok 'doxygen has no warnings'
fi
tap_check 'the main page has the smallest kernel' grep -q pv_kernel_main "$build/doc/html/index.html"
tap_done
