# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The sample kernel's session on any backend: run, compared with the committed transcript and with another
# backend's or machine's. Sourced after tests/e2e/lib.sh.

# What the session's `exit` says; pvrun has to hand it on.
session_status=42
# shellcheck disable=SC2154 # srcdir, tmp, pvrun, initrd: tests/e2e/lib.sh
expected=$srcdir/tests/session/expected.txt

# What the committed transcript leaves out: a terminal's line ends, and addresses in a program's text, data
# and stack, which are the compiler's business.
readable() {
    sed -E 's/\r$//; s/(at|rip) 0x(4[0-9a-f]{5}|5f[0-9a-f]{10})\b/\1 ADDRESS/g' "$1"
}

# run_session NUMBER KERNEL COMMAND…: what was printed, and with which status. The command is pvrun with options.
run_session() {
    local number=$1 image=$2 status=0
    shift 2
    limited 160 "$@" --timeout 150 --no-input --append script=session --initrd "$initrd" "$image" \
        >"$tmp/out.$number" 2>"$tmp/err.$number" </dev/null || status=$?
    echo "$status" >"$tmp/status.$number"
}

# judge_session NUMBER NAME: the first against the committed transcript, the others against the first.
judge_session() {
    local status
    status=$(cat "$tmp/status.$1")
    if [ "$status" -ne "$session_status" ]; then
        echo "pvrun's status is $status, expected $session_status" >>"$tmp/err.$1"
        tap_not_ok "$2: status" "$tmp/out.$1" "$tmp/err.$1"
    else
        tap_ok "$2: status"
    fi
    if [ "$1" -eq 0 ]; then
        readable "$tmp/out.0" >"$tmp/first"
        tap_same "$2: transcript is the expected one" "$expected" "$tmp/first"
    else
        tap_same "$2: transcript is the same, byte for byte" "$tmp/out.0" "$tmp/out.$1"
    fi
}

# talk NAME COMMAND…: the conversations of shell.exp and leave.exp with the command on a terminal.
talk() {
    local name=$1 part command
    shift
    printf -v command '%q ' "$@"
    for part in shell leave; do
        limited 70 expect -f "$srcdir/tests/session/$part.exp" "$command" >"$tmp/talk" 2>&1 </dev/null
        tap_include "$name$part: " "$tmp/talk"
    done
}
