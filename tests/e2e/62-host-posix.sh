#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: hosts that give little: containers, no /dev/kvm, low limits, seccomp; an idle guest; signals to a run
# limit: 90
# soak: 10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"

# shellcheck disable=SC2154 # tmp: lib.sh; share, users, prefix, vcpu, zygote: posix/lib.sh
as user
cat >"$tmp/keys" <<'KEYS'
echo t'w'o | cat
exit 42
KEYS

# talks COMMAND…: the shell runs a program in a pipe and ends with its status. The command gets pvrun's
# words appended.
# shellcheck disable=SC2317 # called by tap_check
talks() {
    local status=0
    limited 30 "$@" "$share/pvrun" --timeout 20 --initrd "$share/initrd.cpio" "$share/kernel.elf" \
        <"$tmp/keys" >"$tmp/out" 2>"$tmp/err" || status=$?
    cat "$tmp/out" "$tmp/err"
    [ "$status" -eq 42 ] && grep -q '^two' "$tmp/out"
}

# refuses PATTERN COMMAND…: status $expected and a line that says why.
# shellcheck disable=SC2317 # called by tap_check
refuses() {
    local pattern=$1 status=0
    shift
    limited 30 "$@" "$share/pvrun" --timeout 20 --initrd "$share/initrd.cpio" "$share/kernel.elf" \
        <"$tmp/keys" >"$tmp/out" 2>"$tmp/err" || status=$?
    echo "status $status"
    cat "$tmp/err"
    [ "$status" -eq "$expected" ] && grep -Eq "$pattern" "$tmp/err"
}

# --- containers ---

tap_check 'as an ordinary user' talks "${prefix[@]}"
if "${prefix[@]}" unshare -Ur true 2>/dev/null; then
    tap_check 'in a user namespace, as its root' talks "${prefix[@]}" unshare -Ur
    tap_check 'with namespaces for all but the network' talks "${prefix[@]}" unshare -Urmuipf --mount-proc
    tap_check 'without /dev/kvm' talks "${prefix[@]}" unshare -Urm sh -c \
        'mount -t tmpfs none /dev && : >/dev/null && exec "$@"' sh
    tap_check 'without /proc' talks "${prefix[@]}" unshare -Urm sh -c \
        'mount -t tmpfs none /proc && exec "$@"' sh
else
    tap_skip 'in a user namespace' 'this host has none for ordinary users'
fi
if have bwrap && "${prefix[@]}" bwrap --ro-bind / / true 2>/dev/null; then
    tap_check 'in bubblewrap' talks "${prefix[@]}" bwrap --unshare-all --die-with-parent --ro-bind / / \
        --proc /proc --dev /dev
else
    tap_skip 'in bubblewrap' 'bwrap is not installed, or not allowed'
fi

# --- limits ---

expected=69
tap_check 'RLIMIT_NOFILE 64 is refused with a line' refuses 'may open only 64 files.*ulimit -n' \
    "${prefix[@]}" sh -c 'ulimit -n 64; exec "$@"' sh
tap_check 'RLIMIT_NOFILE 256 will do' talks "${prefix[@]}" sh -c 'ulimit -n 256; exec "$@"' sh
tap_check 'a low address space limit is refused with a line' refuses 'ulimit -v' \
    "${prefix[@]}" sh -c 'ulimit -v 300000; exec "$@"' sh
# Root is not held by RLIMIT_NPROC (setrlimit(2)), and an ordinary user may have other processes: so a third one.
if [ "$(id -u)" -eq 0 ] && have setpriv; then
    tap_check 'RLIMIT_NPROC: a line says so' refuses 'no process .*ulimit -u' \
        setpriv --reuid=61234 --regid=61234 --clear-groups bash -c 'ulimit -u 4; exec "$@"' bash
    tap_check 'RLIMIT_NPROC 1 is refused with a line' refuses 'cannot start the' \
        setpriv --reuid=61234 --regid=61234 --clear-groups bash -c 'ulimit -u 1; exec "$@"' bash
else
    tap_skip 'RLIMIT_NPROC: a line says so' 'only root can become a user without processes'
fi

# --- an idle guest ---

# What the processes of a run have used, in ticks of 10 ms, and how often they gave up the CPU.
used() {
    local pid sum=0
    for pid; do
        sum=$((sum + $(stat_field "$pid" 14) + $(stat_field "$pid" 15)))
    done
    echo $sum
}

switches() {
    local pid
    for pid; do
        awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$pid/status"
    done | awk '{ s += $1 } END { print s }'
}

runs=0

# start OPTION…: the shell, waiting for keys that do not come; sets pid, vcpu, zygote and all.
start() {
    mkfifo "$tmp/silence.$((++runs))"
    # A shell starts what is in the background with these two ignored.
    "${prefix[@]}" env --default-signal=INT,QUIT "$share/pvrun" --timeout 40 "$@" --initrd "$share/initrd.cpio" \
        "$share/kernel.elf" <>"$tmp/silence.$runs" >"$tmp/out" 2>"$tmp/err" &
    pid=$!
    if ! parts_of "$pid"; then
        tap_not_ok 'a run starts' "$tmp/err"
        return 1
    fi
    for ((i = 0; i < 100; i++)); do
        grep -q '^\$ ' "$tmp/out" && break
        sleep 0.05
    done
    read -ra all <<<"$pid $vcpu $zygote $(children "$zygote" | tr '\n' ' ')"
}

start
sleep 0.3
before=$(used "${all[@]}") woken=$(switches "${all[@]}")
sleep 3
after=$(used "${all[@]}") woke=$(switches "${all[@]}")
tap_check "an idle guest uses under 1 % of a CPU ($((after - before)) ticks in 3 s)" test $((after - before)) -lt 3
tap_check "and wakes for nothing ($((woke - woken)) times in 3 s)" test $((woke - woken)) -le 3

# --- SIGSTOP and SIGCONT ---

# answers TEXT PATTERN: to what is typed the shell answers so within 5 s.
answers() {
    local i
    printf '%s\n' "$1" >"$tmp/silence.$runs"
    for ((i = 0; i < 100; i++)); do
        grep -q "$2" "$tmp/out" && return 0
        sleep 0.05
    done
    cat "$tmp/out" "$tmp/err"
    return 1
}
tap_check 'the shell answers' answers "echo on'e'" '^one'
for who in "pvrun $pid" "vcpu $vcpu" "zygote $zygote"; do
    kill -STOP "${who#* }"
    sleep 0.3
    kill -CONT "${who#* }"
    tap_check "after SIGSTOP and SIGCONT of ${who% *}" answers "echo after'-'${who% *}" "^after-${who% *}"
done
kill -STOP "$vcpu"
# shellcheck disable=SC2016 # for sh
tap_check 'a vcpu process that is stopped hears later' sh -c \
    'echo "echo l\"a\"ter" >"$1"; sleep 0.2; ! grep -q ^later "$2"' sh "$tmp/silence.$runs" "$tmp/out"
kill -CONT "$vcpu"
tap_check 'and then answers' answers '' '^later'

# --- signals that end a run ---

# ends_by SIGNAL STATUS: within 5 s, and nothing is left.
ends_by() {
    local status=0 i
    kill -"$1" "$pid"
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    kill -0 "$pid" 2>/dev/null && kill -KILL "$pid"
    wait "$pid" 2>/dev/null || status=$?
    tap_check "SIG$1 ends the run with status $2" test "$status" -eq "$2"
    tap_check "SIG$1: nothing is left" test -z "$(left_over "${all[@]}")"
}
ends_by TERM 143
start && ends_by HUP 129
start && answers 'hog' 'hog' >/dev/null && ends_by INT 130
start --append script=session && ends_by QUIT 131
tap_done
