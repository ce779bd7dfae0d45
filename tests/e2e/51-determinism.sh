#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: with --icount two runs are identical, byte for byte, the clock included
# limit: 120
# soak: 10
. "$(dirname "$0")/lib.sh"

# run_clock FILE OPTION…: the script prints uptimes between programs that sleep, spin and compete.
run_clock() {
    local out=$1 status=0
    shift
    limited 55 "$pvrun" --timeout 50 --no-input "$@" --append script=clock --initrd "$initrd" \
        "$(kernel native)" >"$out" 2>"$tmp/err" </dev/null || status=$?
    [ "$status" -eq 0 ] && return
    echo "status $status of pvrun $*" >>"$tmp/err"
    tap_not_ok "the script runs" "$out" "$tmp/err"
}

run_clock "$tmp/first" --icount
for ((round = 0; round < $(times 1); round++)); do
    run_clock "$tmp/again" --icount
    tap_same 'a second run is identical' "$tmp/first" "$tmp/again"
done

# Without times in it the comparison would prove nothing.
tr -d '\r' <"$tmp/first" | grep -xE '[0-9]+\.[0-9]{9} s' >"$tmp/times"
if [ "$(wc -l <"$tmp/times")" -ge 5 ]; then
    tap_ok 'there are times in the output'
else
    tap_not_ok 'there are times in the output' "$tmp/first"
fi
tap_check 'the times go up' sort -c -u -n "$tmp/times"
run_clock "$tmp/free"
tap_check 'without --icount they differ' sh -c '! cmp -s "$1" "$2"' sh "$tmp/first" "$tmp/free"
tap_done
