#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: SIGKILL to any process of a run at any time: the documented status, and nothing is left
# limit: 120
# soak: 10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"

# shellcheck disable=SC2154 # tmp: lib.sh; share, users, prefix, vcpu, zygote: posix/lib.sh
rounds=$(times 100)
kinds=(pvrun vcpu zygote space)
workers=4

# Typed at the shell: processes come and go, sleep and compete. The empty lines are for a shell that goes while it
# has read a part of this.
for i in 1 2 3; do
    echo "stress $i 20 6; forktree 3; hog 40 & hog 40 | wc; sleep 50"
done >"$tmp/keys"
printf '\n\necho al"i"ve\nexit 42\nexit 42\n' >>"$tmp/keys"

# Every run is a session (setsid(2)) of its own, which nothing of it leaves: so its processes can be told from
# all others, whoever has adopted them. The dead that wait for their new parent do not count.
members() {
    cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) /\1 /' |
        awk -v session="$1" '$5 == session && $2 != "Z" && $2 != "X" { print $1 }'
}

# holders INODE: descriptors of the memory with that inode.
holders() {
    find /proc/[0-9]*/fd -lname '/memfd:pvops-ram*' -exec stat -Lc '%i %n' {} + 2>/dev/null |
        awk -v inode="$1" '$1 == inode { print $2 }'
}

# is_gone PVRUN INODE: nothing is left 3 s later at most.
is_gone() {
    local i
    for ((i = 0; i < 60; i++)); do
        [ -n "$(members "$1")" ] || break
        sleep 0.05
    done
    for i in $(members "$1"); do
        echo "left: $i $(tr '\0' ' ' <"/proc/$i/cmdline")"
    done
    [ -z "$2" ] || holders "$2" | sed 's/^/still has the memory: /'
}

# choose KIND PVRUN: sets target, and kind to pvrun when there is no such process yet.
choose() {
    local pid list=()
    vcpu='' zygote=''
    for pid in $(children "$2"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
        pvops-vcpu*) vcpu=$pid ;;
        pvops-zygote*) zygote=$pid ;;
        esac
    done
    case $1 in
    vcpu) target=$vcpu ;;
    zygote) target=$zygote ;;
    space)
        [ -z "$zygote" ] || read -ra list <<<"$(children "$zygote")"
        target=${list[RANDOM % (${#list[@]} + 1)]:-${list[0]-}}
        ;;
    *) target='' ;;
    esac
    [ -n "$target" ] || { kind=pvrun target=$2; }
}

# A killed space is a fault of its program, and no more: a shell that goes is started again, and reads on. But
# init's end is the guest's, in order, with init's status.
judge_space() {
    [ ! -s "$dir/err" ] || return 1
    if grep -q '^init\[1\]: killed' "$dir/out"; then
        [ "$status" -eq 255 ]
    else
        [ "$status" -eq 42 ] && grep -q '^alive' "$dir/out"
    fi
}

# What the user is told, by the process that was killed.
judge() {
    case $kind in
    pvrun) [ "$status" -eq 137 ] ;;
    vcpu) [ "$status" -eq 70 ] && grep -q 'vcpu process was ended by signal 9' "$dir/err" ;;
    zygote) [ "$status" -eq 70 ] && grep -q 'zygote process was ended by signal 9\|the zygote has gone' "$dir/err" ;;
    space) judge_space ;;
    esac
}

# round SEED: "KIND ok", or "KIND" and what was wrong.
round() {
    local kind target status=0 prefix pid inode='' killed took left
    RANDOM=$1
    kind=${kinds[RANDOM % 4]}
    as "${users[RANDOM % ${#users[@]}]}"
    setsid "${prefix[@]}" "$share/pvrun" --timeout 40 --initrd "$share/initrd.cpio" "$share/kernel.elf" \
        >"$dir/out" 2>"$dir/err" <"$tmp/keys" &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % 500)))"
    choose "$kind" "$pid"
    [ -z "$zygote" ] || inode=$(stat -Lc %i "/proc/$zygote/fd/3" 2>/dev/null)
    killed=${EPOCHREALTIME/[.,]/}
    kill -KILL "$target" 2>/dev/null || kind=late
    wait "$pid" 2>/dev/null || status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - killed) / 1000))
    left=$(is_gone "$pid" "$inode")
    if [ "$kind" = late ] && [ $status -eq 42 ]; then
        echo 'late ok'
    elif ! judge; then
        echo "$kind status $status: $(head -c 200 "$dir/err" | tr '\n' ' ') out: $(tail -n 2 "$dir/out" | tr '\n' ' ')"
    elif [ -n "$left" ]; then
        echo "$kind $left"
    elif [ "$kind" != space ] && [ $took -gt 5000 ]; then
        echo "$kind took $took ms"
    else
        echo "$kind ok"
    fi
}

# worker NUMBER: every fourth seed.
worker() {
    local seed dir=$tmp/worker.$1
    mkdir "$dir"
    for ((seed = 1 + $1; seed <= rounds; seed += workers)); do
        echo "$seed $(round $seed)" >>"$dir/results"
    done
}

for ((i = 0; i < workers; i++)); do
    worker $i &
done
wait
cat "$tmp"/worker.*/results >"$tmp/results"
for kind in "${kinds[@]}"; do
    grep "^[0-9]* $kind " "$tmp/results" | grep -v ' ok$' >"$tmp/bad"
    total=$(grep -c "^[0-9]* $kind " "$tmp/results")
    if [ -s "$tmp/bad" ]; then
        sed -i 's/^/seed /' "$tmp/bad"
        tap_not_ok "$kind was killed in $total rounds" "$tmp/bad"
    else
        tap_ok "$kind was killed in $total rounds"
    fi
done
tap_check "there were $rounds rounds" test "$(wc -l <"$tmp/results")" -eq "$rounds"
tap_check 'few ended before they were killed' test "$(grep -c ' late ' "$tmp/results")" -lt $((rounds / 4))
tap_done
