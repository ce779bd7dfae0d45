# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# What the parts about pvrun share: kernels of a few lines, and the check of a run's status and message.

parts=$srcdir/tests/e2e/pvrun
# A single run of pvrun that takes this long hangs.
limit=60

# --- kernels of a few lines ---

# make_kernel NAME [-DMACRO=…]: the body is on standard input; see prelude.S for the macros.
make_kernel() {
    local name=$1
    shift
    { echo '#include "prelude.S"' && cat && echo '    hang'; } >"$tmp/$name.S"
    # ld warns that the one segment is writable and executable, which is meant.
    if ! {
        ${CC:-cc} -c "$@" -I"$parts" -I"$srcdir/include" "$tmp/$name.S" -o "$tmp/$name.o" &&
            ld --build-id=none -T "$parts/link.ld" "$tmp/$name.o" -o "$tmp/$name.elf"
    } 2>"$tmp/make_kernel"; then
        tap_not_ok "kernel $name can be built" "$tmp/make_kernel"
    fi
}

# exit_kernel NAME STATUS [-DMACRO=…]
exit_kernel() {
    local name=$1 status=$2
    shift 2
    make_kernel "$name" "$@" <<END
    say "hello from $name\r\n"
    control "exit $status\n"
    leave_machine
END
}

# --- checks ---

# judge NAME STATUS WANTED PATTERN: what a run gave, its messages in $tmp/err ('': none).
judge() {
    local name=$1 status=$2 want=$3 pattern=$4
    if [ "$status" -ne "$want" ]; then
        echo "status $status, expected $want" >>"$tmp/err"
    elif [ -z "$pattern" ] && [ -s "$tmp/err" ]; then
        echo "expected no message" >>"$tmp/err"
    elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" "$tmp/err"; then
        echo "expected a line like: $pattern" >>"$tmp/err"
    else
        tap_ok "$name"
        return
    fi
    tap_not_ok "$name" "$tmp/err"
}

# takes NAME STATUS PATTERN ARGUMENT…: pvrun, with the caller's standard input, ends with the status and says
# something like the pattern (extended regular expression). What it wrote stays in $tmp/out and $tmp/err.
takes() {
    local name=$1 want=$2 pattern=$3 status=0
    shift 3
    limited "$limit" "$pvrun" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
    judge "$name" "$status" "$want" "$pattern"
}

# The same without input.
gives() {
    takes "$@" </dev/null
}

# The same for an error before anything starts: exactly one line "pvrun: …".
refuses() {
    gives "$@"
    if [ "$(wc -l <"$tmp/err")" -ne 1 ] || ! grep -q '^pvrun: ' "$tmp/err"; then
        tap_not_ok "$1: one line on stderr" "$tmp/err"
    fi
}

# shows NAME PATTERN FILE
shows() {
    tap_check "$1" grep -qE -- "$2" "$3" || tail -n 40 "$3" | sed 's/^/# /'
}

# --- the QEMU of a run ---

# A QEMU that leaves its number in $tmp/pid and counts its starts in $tmp/starts; at start number LAST_START
# the kernel's command line is "last".
cat >"$tmp/qemu" <<END
#!/bin/sh
echo \$\$ >$tmp/pid
echo >>$tmp/starts
[ "\$(wc -l <$tmp/starts)" -ne "\${LAST_START:-0}" ] || set -- "\$@" -append last
exec qemu-system-x86_64 "\$@"
END
chmod +x "$tmp/qemu"

# gone NAME: the QEMU of the last run has ended.
gone() {
    local _
    for _ in {1..50}; do
        if ! kill -0 "$(cat "$tmp/pid")" 2>/dev/null; then
            tap_ok "$1"
            return
        fi
        sleep 0.1
    done
    tap_not_ok "$1"
}
