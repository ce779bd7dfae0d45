#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: every sentence of doc/contract.md is held by tests that exist, and every test holds one
# limit: 20
. "$(dirname "$0")/lib.sh"

contract=$srcdir/doc/contract.md
groups='boot|console|cpu|debug|doublefault|exception|fpu|gate|irq|line|mmu|preempt|syscall|time|trap|user'

# From the tables in the sources, so that this part needs no machine.
grep -ho 'CONFORM_TEST([a-z0-9_]*)' "$srcdir"/tests/conform/*.c | sed 's/.*(//; s/)//' | sort >"$tmp/tests"
grep -oE "\`($groups)_[a-z0-9_]+\`" "$contract" | tr -d '`' | sort -u >"$tmp/named"

tap_check 'the tables have tests' test "$(wc -l <"$tmp/tests")" -gt 100
tap_check 'no two tests have one name' test -z "$(uniq -d "$tmp/tests")"
comm -13 "$tmp/tests" "$tmp/named" >"$tmp/unknown"
tap_check 'every test that the contract names exists' diff /dev/null "$tmp/unknown"
comm -23 "$tmp/tests" "$tmp/named" >"$tmp/orphans"
tap_check 'every test is named by the contract' diff /dev/null "$tmp/orphans"

# A sentence of the contract is an item of a list: each has its "Held by", or says in parentheses why not.
awk '/^- / { if (item != "" && item !~ /Held (by|from)|\(/) print item; item = $0; next }
     /^#/ { if (item != "" && item !~ /Held (by|from)|\(/) print item; item = ""; next }
     item != "" { item = item " " $0 }
     END { if (item != "" && item !~ /Held (by|from)|\(/) print item }' "$contract" >"$tmp/unheld"
tap_check 'every sentence says what holds it' diff /dev/null "$tmp/unheld"
tap_done
