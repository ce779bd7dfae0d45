#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: unit tests (libcheck), each test counted
# limit: 60
. "$(dirname "$0")/lib.sh"

programs=$(make -s -C "$build" unit-programs) || tap_not_ok 'unit test programs are built'
if [ -z "${programs//[[:space:]]/}" ]; then
    pkg-config --exists check || tap_skip_all 'libcheck is not installed'
fi
for program in $programs; do
    # Libcheck writes TAP to the named file; its own summary is not needed.
    CK_TAP_LOG_FILE_NAME=$tmp/tap CK_VERBOSITY=silent limited 50 "$build/$program" >"$tmp/out" 2>&1
    status=$?
    tap_include "${program##*/}: " "$tmp/tap"
    # A program that dies outside of its tests leaves a TAP file that looks complete or none at all.
    if [ "$status" -gt 1 ]; then
        tap_not_ok "${program##*/}: ends with status 0 or 1, not $status" "$tmp/out"
    fi
    rm -f "$tmp/tap"
done
tap_done
