#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: attacks: hostile user code under a kernel, and a hostile kernel on the host
# limit: 240
# soak: 5
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/posix/lib.sh"
. "$(dirname "$0")/attack/lib.sh"

# shellcheck disable=SC2154 # tmp, srcdir: lib.sh; share, users: posix/lib.sh; attack: attack/lib.sh
# A single run that takes this long hangs.
limit=$((60 * PV_TEST_N))
: >"$tmp/sessions"
chmod 666 "$tmp/sessions"

conform=$srcdir/tests/conform
make_guest user "$attack"/main.c "$attack"/user-*.c "$conform"/{attach,frames,options,pages,report,state}.c \
    "$conform"/{tables,traps,user_space}.c "$conform/switch.S"
make_guest hostile "$attack"/kernel*.c

as user
if "${prefix[@]}" unshare --user --map-root-user true 2>/dev/null; then
    users+=(namespace)
else
    tap_skip 'in a user namespace' 'this host lets ordinary users make none'
fi

# Processes of the same users that nobody may touch.
for user in "${users[@]}"; do
    who "$user"
    "${prefix[@]}" sleep 1000 &
    canaries+=($!)
done
trap 'status=$?; kill "${canaries[@]}" 2>/dev/null; rm -rf "$tmp"; exit $status' EXIT

# --- A: hostile user code; everything, as everybody, at the same time ---

user_code() {
    time=$((50 * PV_TEST_N)) run "$1" "$tmp/user.$1" --memory 64M \
        --append "conform.n=$PV_TEST_N conform.seed=$PV_TEST_N $2" "$share/user.elf"
}
only=''
for user in "${users[@]}"; do
    [ "$user" != namespace ] || only=conform.only=attack_call,attack_state,attack_read,attack_exhaust_spaces
    user_code "$user" "$only" &
    runs+=($!)
done
wait "${runs[@]}"
for user in "${users[@]}"; do
    tap_include "$user: " "$tmp/user.$user.out"
    tap_check "$user: the kernel lives to its end" ended "$tmp/user.$user" 0 '' ||
        tap_not_ok "$user: what was said" "$tmp/user.$user.err"
done

# What a process of user code has, as the host sees it: mappings, descriptors, filters.
only_known_mappings() {
    local user=' [0-9a-f]{8} [0-9a-f:]+ [0-9]+ +/memfd:pvops-'
    grep -vE "^[0-5]?[0-9a-f]{1,11}-[0-9a-f]+ r[w-][x-]s${user}ram" "/proc/$1/maps" |
        grep -vE "^7e0000000000-7e0000002000 r-xp|^7e0000010000-7e0000030000 rw-s${user}spaces|\[vsyscall\]$" |
        grep . && return 1
    grep -q '^7e0000000000-' "/proc/$1/maps"
}
only_ram_is_open() {
    [ "$(echo "/proc/$1/fd/"*)" = "/proc/$1/fd/3" ] && [[ $(readlink "/proc/$1/fd/3") == /memfd:pvops-ram* ]]
}
# Three times nothing; three memfds, socket, socket, pipe; then what belongs to spaces.
only_known_descriptors() {
    local fd
    for fd in "/proc/$1/fd/"*; do
        case ${fd##*/}:$(readlink "$fd") in
        [012]:/dev/null | [345]:/memfd:pvops-* | [67]:socket:* | 8:pipe:*) ;;
        [3-8]:*) return 1 ;;
        *:anon_inode:seccomp\ notify | *:anon_inode:*pidfd* | *:pidfd:*) ;;
        *) return 1 ;;
        esac
    done
}
confined() {
    grep -qE '^NoNewPrivs:\s*1' "/proc/$1/status" && grep -qE '^Seccomp:\s*2' "/proc/$1/status"
}
look_inside() {
    local pid run zygote='' vcpu='' space='' host=''
    time=20 run root "$tmp/stay" --append 'conform.only=none attack.stay' "$share/user.elf" &
    run=$!
    sleep 1
    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        [ "$(stat_field "$pid" 6)" = "$(tail -n 1 "$tmp/sessions")" ] || continue
        case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
        pvops-vcpu*) vcpu=$pid ;;
        *pvops-zygote*) zygote=$pid ;;
        *pvrun*) host=$pid ;;
        '') space=$pid ;; # its arguments are unmapped
        esac
    done
    tap_check 'space: gate, stub, area and RAM are all that is mapped' only_known_mappings "$space"
    tap_check 'space: RAM is all that is open' only_ram_is_open "$space"
    tap_check 'space: filter, no new privileges' confined "$space"
    tap_check 'space: one thread' test "$(find "/proc/$space/task" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1
    tap_check 'vcpu process: nothing open but its channels and its spaces' only_known_descriptors "$vcpu"
    tap_check 'vcpu process: filter, no new privileges' confined "$vcpu"
    tap_check 'vcpu process: a process group of its own' test "$(stat_field "$vcpu" 5)" -eq "$vcpu"
    tap_check 'zygote: filter, no new privileges' confined "$zygote"
    kill -TERM "$host"
    wait "$run"
    tap_check 'SIGTERM ends it: 143' ended "$tmp/stay" 143 'signal 15'
}
if [ "$(id -u)" -eq 0 ]; then
    look_inside
else
    tap_skip 'what the processes have' 'root only may look at them'
fi

# A user that has nothing else running gives the guest few processes, or few descriptors: it goes on with those.
few() {
    setpriv --reuid=61234 --regid=61234 --clear-groups sh -c "ulimit $1; exec \"\$@\"" sh \
        timeout 40 "$share/pvrun" --timeout 30 --no-input --append conform.only=attack_exhaust_spaces \
        "$share/user.elf" </dev/null
}
if [ "$(id -u)" -eq 0 ] && have setpriv; then
    tap_check 'spaces: 700 with 20 processes' few '-u 20'
    tap_check 'spaces: 700 with 160 descriptors' few '-n 160'
else
    tap_skip 'spaces: limits of the host' 'root only may become a user without processes'
fi

# --- B: a hostile kernel ---

# Every system call of the host: 0 to 460, as 64-bit, x32 and i386 call. One run each; three at a time.
call_outcome() {
    case $1 in
    # close, munmap, nanosleep, restart_syscall, clock_gettime, ppoll
    3 | 11 | 35 | 219 | 228 | 271) ended "$2" 7 '' ;;
    34) ended "$2" 124 'did not end' ;;               # pause
    15) ended "$2" '70|124' 'crashed|ended by signal|did not end' ;; # rt_sigreturn, to anywhere
    335 | 336) ended "$2" '7|70' 'crashed|ended by signal' ;; # uretprobe, uprobe: an error, or SIGILL
    231) ended "$2" 70 'ended with status' ;;         # exit_group
    *) ended "$2" 70 'a system call of the host from guest kernel code' ;;
    esac
}
sweep() { # USER FIRST STEP
    local nr
    for ((nr = $2; nr <= 460; nr += $3)); do
        time=0.5 hostile "$1" "$tmp/sweep.$2" "attack=call nr=$(printf %x "$nr")"
        call_outcome "$nr" "$tmp/sweep.$2" || { echo "system call $nr" && return 1; }
        [ $((nr % 9)) -eq 0 ] || continue
        hostile "$1" "$tmp/sweep.$2" "attack=call nr=$(printf %x "$nr") x32=1"
        ended "$tmp/sweep.$2" 70 'a system call of the host' || { echo "x32 call $nr" && return 1; }
        hostile "$1" "$tmp/sweep.$2" "attack=call nr=$(printf %x "$nr") int80=1"
        ended "$tmp/sweep.$2" 70 'a system call of the host' || { echo "i386 call $nr" && return 1; }
    done
}
sweep_all() {
    local i pids=() bad=0
    for ((i = 0; i < 3; i++)); do
        sweep "$1" $((i * $2)) $((3 * $2)) >"$tmp/sweep.$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || bad=1
    done
    cat "$tmp"/sweep.?
    return "$bad"
}
tap_check 'user: every system call, 0 to 460' sweep_all user 1
for user in "${users[@]}"; do
    [ "$user" = user ] || tap_check "$user: every 13th system call" sweep_all "$user" 13
done

# Calls that the filter knows, with arguments that it does not want: hexadecimal, a0 to a5.
refuses_call() {
    tries "refused: $1" user 70 'a system call of the host' "attack=call $2"
}
refuses_call 'kill of all' 'nr=3e a0=ffffffffffffffff a1=9'
refuses_call 'tgkill' 'nr=ea a0=1 a1=1 a2=9'
refuses_call 'pidfd_send_signal of SIGTERM' 'nr=1a8 a0=9 a1=f'
refuses_call 'pidfd_send_signal of SIGSTOP' 'nr=1a8 a0=9 a1=13'
refuses_call 'ftruncate of RAM' 'nr=4d a0=3 a1=0'
refuses_call 'fallocate of RAM' 'nr=11d a0=3 a1=3 a2=0 a3=1000'
refuses_call 'mmap of RAM over the monitor' 'nr=9 a0=700000000000 a1=1000 a2=7 a3=11 a4=3'
refuses_call 'mmap of RAM, private' 'nr=9 a0=10000 a1=1000 a2=7 a3=12 a4=3'
refuses_call 'mmap of the shared areas' 'nr=9 a0=10000 a1=1000 a2=7 a3=11 a4=5'
refuses_call 'mmap of executable memory' 'nr=9 a0=0 a1=1000 a2=7 a3=22 a4=ffffffffffffffff'
refuses_call 'sendmsg to the zygote' 'nr=2e a0=6'
refuses_call 'recvfrom of the zygote' 'nr=2d a0=6'
refuses_call 'write to the console socket' 'nr=1 a0=7'
refuses_call 'read of RAM' 'nr=0 a0=3'
refuses_call 'ADDFD for a space' 'nr=10 a0=9 a1=40182103'
refuses_call 'open of a file' 'nr=101 a0=ffffff9c'
refuses_call 'execve' 'nr=3b'
refuses_call 'clone' 'nr=38 a0=11'
refuses_call 'setting GS is not setting FS' 'nr=9e a0=1002'
refuses_call 'a profiling timer' 'nr=26 a0=2'

for user in "${users[@]}"; do
    tries 'allowed calls with every descriptor' "$user" 7 '' 'attack=descriptors'
    tries 'killing itself by a number for "self"' "$user" '7|70' 'ended by signal 9' 'attack=descriptors what=1'
    tries 'closing everything' "$user" 70 'ended with status' 'attack=descriptors what=2'
    for seed in $(seq 1 $((2 * PV_TEST_N))); do
        tries "corrupting the monitor, $seed" "$user" '7|70|124' 'crash|ended by|did not end' \
            "attack=corrupt every=$((seed % 3 + 1)) seed=$seed"
        time=2 tries "corrupting the shared page, $seed" "$user" '7|70|124' 'crash|ended by|did not end' \
            "attack=abi every=$((seed * 5)) seed=$seed"
    done
    time=2 tries 'corrupting the shared page with ones' "$user" '7|70|124' 'crash|ended by|did not end' \
        'attack=abi ones=1 every=1'
    tries 'unmapping the monitor' "$user" 70 'crash|ended by signal 11' 'attack=unmap'
    tries 'unmapping the shared page' "$user" 70 'crash|ended by signal 11' 'attack=unmap at=6f0000000000'
    tries 'unmapping everything' "$user" 70 'ended by signal 11' 'attack=unmap at=0 size=7ffffffff000'
    for kind in 0 1 2; do
        tries "flooding the control pipe, kind $kind" "$user" '3|7|70' 'crash' "attack=flood kind=$kind mb=8"
    done
    tries 'flooding the console' "$user" 7 '' 'attack=flood to=7 mb=10'
    tries 'urgent bytes on the console' "$user" 7 '' 'attack=flood to=7 oob=1 part=10 mb=1'
    for kind in 0 1 2 3; do
        tries "forged requests to the zygote, kind $kind" "$user" 7 '' "attack=zygote kind=$kind"
    done
    time=1 tries 'forging a frame that blocks all signals' "$user" 124 'did not end' attack=deaf
    tries 'private memory without end' "$user" 7 '' attack=memory
    tap_check "$user: private memory ends at 1 GiB" grep -aq '^memory 00000000[0-3]' "$tmp/tries.out"
done

# The environment of pvrun is not the guest's to see.
PVOPS_TEST_TOKEN=do-not-show-this hostile user "$tmp/look" attack=look
tap_check 'the stack is there to look at' grep -aq pvops-vcpu "$tmp/look.out"
tap_check 'the environment of pvrun is not' sh -c "! grep -aq -e do-not-show -e PATH= '$tmp/look.out'"

# pvrun in the flood: it stays small and does what it is told.
flooded() {
    local file=$tmp/flooded run host='' i size tries
    time=30 hostile user "$file" "attack=flood kind=$1 to=$2 mb=ffffff" &
    run=$!
    # A busy machine takes its time to start it.
    for ((tries = 0; tries < 100 && ${#host} == 0; tries++)); do
        sleep 0.1
        for i in /proc/[0-9]*; do
            [ "$(stat_field "${i#/proc/}" 6)" = "$(tail -n 1 "$tmp/sessions")" ] || continue
            grep -aqsx "$share/pvrun.*" "$i/cmdline" && host=${i#/proc/}
        done
    done
    sleep 0.7
    size=$(sed -n 's/^VmHWM:\s*\([0-9]*\) kB/\1/p' "/proc/$host/status")
    echo "pvrun $host has $size KiB"
    kill -TERM "$host"
    wait "$run"
    ended "$file" 143 'signal 15' && [ "$size" -lt 32768 ]
}
tap_check 'flood of the control pipe: pvrun is small and ends on SIGTERM' flooded 1 8
tap_check 'flood of lines: pvrun is small and ends on SIGTERM' flooded 2 8
tap_check 'flood of the console: pvrun is small and ends on SIGTERM' flooded 0 7

# The host gives less than the guest's machine needs.
lacks() { # ULIMIT MEMORY
    who user
    # shellcheck disable=SC2016 # for the inner shell
    "${prefix[@]}" sh -c "ulimit $1; exec \"\$@\"" sh timeout 20 "$share/pvrun" --timeout 10 --no-input \
        --memory "$2" --append attack=abi "$share/hostile.elf" >"$tmp/lacks.out" 2>"$tmp/lacks.err" </dev/null
    echo $? >"$tmp/lacks.status"
    ended "$tmp/lacks" 69 "$3"
}
tap_check 'ulimit -f smaller than RAM: 69' lacks '-f 4096' 64M 'ulimit -f|too large'
tap_check 'ulimit -v smaller than RAM: 69' lacks '-v 400000' 1G 'ulimit -v'
tap_check 'ulimit -n too small: 69' lacks '-n 40' 16M 'ulimit -n'

# --- what is left ---

for i in "${!users[@]}"; do
    tap_check "${users[i]}: no process outside was touched" kill -0 "${canaries[i]}"
done
tap_check 'no process is left' nothing_remains
tap_done
