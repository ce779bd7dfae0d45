# shellcheck shell=bash disable=SC2154,SC2034,SC2054
# SPDX-License-Identifier: MIT
# What 65-attack.sh does to build its kernels, to run them and to see that nothing is left. Sourced after
# posix/lib.sh.

attack=$srcdir/tests/e2e/attack

# As in doc/porting.md, with the archive and the link script of the tree.
guest_flags=(-std=gnu11 -O2 -g -ffreestanding -mgeneral-regs-only -mno-red-zone -march=x86-64 -fpie
    -fno-stack-protector -fcf-protection=none -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -Wall -Wextra
    -I"$srcdir/include" -I"$srcdir/backend-posix/include" -I"$srcdir/backend-posix/monitor" -I"$srcdir/tests/conform")
link_flags=(-nostdlib -static -Wl,-T,"$srcdir/backend-posix/pvops-posix.lds" -Wl,-z,max-page-size=0x1000
    -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-relax)

# make_guest NAME SOURCE…
make_guest() {
    local name=$1
    shift
    tap_check "$name can be built" "${CC:-cc}" "${guest_flags[@]}" "${link_flags[@]}" "$@" \
        "$build/backend-posix/libpvops-posix.a" -o "$share/$name.elf" || tap_done
    chmod a+r "$share/$name.elf"
}

# --- running ---

# who USER: sets `prefix`; besides those of posix/lib.sh "namespace", an unprivileged user's own user namespace.
who() {
    as "${1/namespace/user}"
    [ "$1" != namespace ] || prefix+=(unshare --user --map-root-user)
}

# run USER FILE PVRUN-ARGUMENT…: FILE.out, FILE.err and FILE.status. Each run is a session of its own, by which its
# processes are found: they change their process groups, but can start no session.
run() {
    local prefix file=$2 status=0
    who "$1"
    shift 2
    # shellcheck disable=SC2016 # for the inner shell
    limited "$limit" setsid --wait sh -c 'echo $$ >>"$0"; exec "$@"' "$tmp/sessions" \
        "${prefix[@]}" "$share/pvrun" --timeout "${time:-10}" --no-input "$@" \
        >"$file.out" 2>"$file.err" </dev/null || status=$?
    echo "$status" >"$file.status"
}

# hostile USER FILE "OPTIONS": the hostile kernel.
hostile() {
    run "$1" "$2" --memory 8M --append "$3" "$share/hostile.elf"
}

# ended FILE STATUSES PATTERN: the status is one of those ("7|70"), and pvrun has said something like the pattern
# ('': whatever it likes). Status 7 is the hostile kernel's own and needs no message.
ended() {
    local status
    status=$(cat "$1.status")
    if ! [[ "|$2|" == *"|$status|"* ]]; then
        echo "status $status, expected $2"
    elif [ -n "$3" ] && [ "$status" -ne 7 ] && ! grep -aqE "^pvrun: .*($3)" "$1.err"; then
        echo "status $status without a message like: $3"
    else
        return 0
    fi
    head -c 2000 "$1.err"
    return 1
}

# tries NAME USER STATUSES PATTERN "OPTIONS"
tries() {
    hostile "$2" "$tmp/tries" "$5"
    tap_check "$2: $1" ended "$tmp/tries" "$3" "$4"
}

# --- what is left ---

# Processes of any session that a run was.
remaining() {
    local stat pid session
    for stat in /proc/[0-9]*/stat; do
        pid=${stat#/proc/} pid=${pid%/stat}
        session=$(stat_field "$pid" 6) || continue
        if grep -qx -- "$session" "$tmp/sessions" && ! gone "$pid"; then
            cat "$stat"
        fi
    done 2>/dev/null
}

nothing_remains() {
    local i
    for ((i = 0; i < 50; i++)); do
        remaining >"$tmp/remaining"
        [ -s "$tmp/remaining" ] || return 0
        sleep 0.1
    done
    cat "$tmp/remaining"
    return 1
}
