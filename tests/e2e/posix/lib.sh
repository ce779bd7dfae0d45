# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the parts about the posix backend share: who runs pvrun, which processes belong to a run, and what is
# left of it. Sourced after lib.sh.

# Copies that every user can reach, wherever the build tree is.
# shellcheck disable=SC2154 # tmp, pvrun, initrd: lib.sh
chmod 711 "$tmp"
share=$tmp/share
mkdir -m 755 "$share"
cp "$pvrun" "$share/pvrun"
cp "$initrd" "$share/initrd.cpio"
cp "$(conform posix)" "$share/conform.elf"
cp "$(kernel posix)" "$share/kernel.elf"
chmod a+rx "$share"/*

# users: root and an ordinary user, as far as we may be both.
# shellcheck disable=SC2034 # for the parts
if [ "$(id -u)" -ne 0 ]; then
    users=(user)
elif have setpriv; then
    users=(root user)
else
    users=(root)
fi

# as USER: sets `prefix` to what runs a command as that user.
# shellcheck disable=SC2034 # for the parts
as() {
    prefix=()
    if [ "$1" = user ] && [ "$(id -u)" -eq 0 ]; then
        prefix=(setpriv --reuid=1000 --regid=1000 --clear-groups)
    fi
}

# --- processes ---

# children PID
children() {
    local list
    list=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || return 0
    printf '%s' "$list"
}

# parts_of PVRUN: sets vcpu and zygote, waiting for both for 10 s at most.
parts_of() {
    local pid i
    vcpu='' zygote=''
    for ((i = 0; i < 500; i++)); do
        for pid in $(children "$1"); do
            case $(cat "/proc/$pid/comm" 2>/dev/null; tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
            *pvops-vcpu*) vcpu=$pid ;;
            *pvops-zygote*) zygote=$pid ;;
            esac
        done
        [ -z "$vcpu" ] || [ -z "$zygote" ] || return 0
        [ -e "/proc/$1/task" ] || return 1
        sleep 0.02
    done
    return 1
}

# stat_field PID NUMBER: of /proc/PID/stat (proc(5)), counted behind the name, which may hold anything: 3 is the
# state, 14 and 15 the CPU time in ticks.
stat_field() {
    local line
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # fields
    set -- "$2" ${line##*) }
    shift $(($1 - 2))
    printf '%s' "$1"
}

gone() {
    local state
    state=$(stat_field "$1" 3) || return 0
    [ -z "$state" ] || [ "$state" = Z ] || [ "$state" = X ]
}

# --- what a run leaves ---

# left_over PID…: those of the processes that are still there.
left_over() {
    local pid
    for pid; do
        gone "$pid" || echo "process $pid: $(cat "/proc/$pid/stat" 2>/dev/null)"
    done
}
