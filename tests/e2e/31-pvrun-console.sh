#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: pvrun: time, signals, standard input and output, reboot, terminal
# limit: 120
# soak: 20
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pvrun/lib.sh"
# shellcheck disable=SC2154 # tmp, pvrun, limit: lib.sh

have qemu-system-x86_64 || tap_skip_all 'qemu-system-x86_64 is not installed'

# --- kernels ---

make_kernel hang <<'END'
    say "hanging\r\n"
    .globl stuck
stuck:
    hang
END
make_kernel echo <<'END'
    say "ready\r\n"
1:  receive
    cmp $'q', %al
    je 2f
    send_al
    jmp 1b
2:  say "\r\nbye\r\n"
    control "exit 3\n"
    leave_machine
END
make_kernel mute <<'END'
1:  receive
    cmp $'q', %al
    jne 1b
    control "exit 6\n"
    leave_machine
END
# More than all buffers on the way hold.
make_kernel flood <<'END'
    mov $20000, %ecx
1:  say "all work and no play\r\n"
    loop 1b
    control "exit 0\n"
    leave_machine
END
make_kernel reboot <<'END'
    mov 24(%ebx), %esi                  # the command line
    cmpb $'l', (%esi)
    je 1f
    say "again\r\n"
    control "reboot\n"
    leave_machine
1:  say "done\r\n"
    control "exit 9\n"
    leave_machine
END
make_kernel reset <<'END'
    mov 24(%ebx), %esi
    cmpb $'l', (%esi)
    je 1f
    control "reboot\n"
    triple_fault
1:  control "exit 4\n"
    leave_machine
END
make_kernel crash <<'END'
    say "before"
    control "crash on purpose\nreg rip 1\nend\n"
    leave_machine
END
make_kernel triple <<'END'
    triple_fault
END

# --- time ---

start=$SECONDS
gives 'timeout is status 124' 124 'did not end within 0.7 s' --timeout 0.7 "$tmp/hang.elf"
tap_check 'timeout: in time' test $((SECONDS - start)) -le 3
shows 'timeout: tells where the guest was' '#0 .* stuck\+' "$tmp/err"
shows 'timeout: output before it' hanging "$tmp/out"

# --- signals ---

# wait_for FILE TEXT
wait_for() {
    local _
    for _ in {1..100}; do
        ! grep -qs "$2" "$1" || return 0
        sleep 0.05
    done
    return 1
}

# start_hang [ENV-OPTION…]: pvrun in the background, once its guest has spoken.
start_hang() {
    : >"$tmp/out"
    # bash has background commands ignore SIGINT and SIGQUIT, and pvrun keeps to that.
    env --default-signal=INT,QUIT "$@" \
        "$pvrun" --qemu "$tmp/qemu" --timeout 30 "$tmp/hang.elf" >"$tmp/out" 2>"$tmp/err" </dev/null &
    pvrun_pid=$!
    wait_for "$tmp/out" hanging || tap_not_ok 'the hanging kernel comes up' "$tmp/err"
}

# ended NAME STATUS PATTERN: the run of start_hang is over.
ended() {
    local status=0
    wait $pvrun_pid 2>/dev/null || status=$?
    judge "$1" $status "$2" "$3"
}

state() {
    sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

test_signals() {
    local signal
    for signal in TERM:143 INT:130 HUP:129 QUIT:131; do
        start_hang
        kill -s "${signal%:*}" $pvrun_pid
        ended "SIG${signal%:*} is status ${signal#*:}" "${signal#*:}" 'ended by signal'
        gone "SIG${signal%:*}: QEMU is gone"
    done
    start_hang --ignore-signal=HUP
    kill -HUP $pvrun_pid
    sleep 0.2
    kill $pvrun_pid
    ended 'a SIGHUP that is ignored (nohup) does not end it' 143 'signal 15'
    start_hang
    { kill -9 $pvrun_pid && wait $pvrun_pid; } 2>/dev/null
    gone 'kill -9 of pvrun: QEMU is gone'
    start_hang
    kill -9 "$(cat "$tmp/pid")"
    ended 'kill -9 of QEMU is status 70' 70 'ended by signal 9'
    start_hang
    kill "$(cat "$tmp/pid")"
    ended 'QEMU ended from outside is status 70' 70 'no exit status'
}

test_stop() {
    start_hang
    kill -TSTP $pvrun_pid
    sleep 0.3
    tap_check 'SIGTSTP stops pvrun' test "$(state $pvrun_pid)" = T
    tap_check 'SIGTSTP stops QEMU' test "$(state "$(cat "$tmp/pid")")" = T
    kill -CONT $pvrun_pid
    sleep 0.3
    tap_check 'SIGCONT wakes QEMU' test "$(state "$(cat "$tmp/pid")")" != T
    kill $pvrun_pid
    ended 'SIGTERM after SIGCONT' 143 'ended by signal'
}

for _ in $(seq "$(times 1)"); do
    test_signals
    test_stop
done

# --- standard input ---

head -c 5000 /dev/zero | tr '\0' 'z' >"$tmp/sent"
takes 'stdin is relayed' 3 '' "$tmp/echo.elf" < <(cat "$tmp/sent" && printf 'q after the end')
tail -n +2 "$tmp/out" | head -c 5000 >"$tmp/received"
tap_check 'stdin is relayed: every byte' cmp "$tmp/sent" "$tmp/received"
echo abcq >"$tmp/file"
takes 'stdin may be a file' 3 '' "$tmp/echo.elf" <"$tmp/file"
takes 'the guest goes on after the end of stdin' 124 'did not end' --timeout 0.7 "$tmp/echo.elf" \
    < <(printf abc)
shows 'what came before the end of stdin was sent' abc "$tmp/out"
takes 'a guest that says nothing gets its input too' 6 '' "$tmp/mute.elf" < <(printf abcq)
takes 'no-input leaves stdin alone' 124 'did not end' --timeout 0.7 --no-input "$tmp/echo.elf" < <(echo q)
takes 'stdin closed' 9 '' --append last "$tmp/reboot.elf" <&-

# --- standard output ---

# flood WHERE NAME STATUS PATTERN ARGUMENT…: the flood kernel with its output going to a file or FIFO.
flood() {
    local where=$1 name=$2 want=$3 pattern=$4 status=0
    shift 4
    limited "$limit" "$pvrun" "$@" "$tmp/flood.elf" </dev/null >"$where" 2>"$tmp/err" || status=$?
    judge "$name" $status "$want" "$pattern"
}

mkfifo "$tmp/fifo"
for _ in $(seq "$(times 1)"); do
    { sleep 1.5 && wc -l; } <"$tmp/fifo" >"$tmp/lines" &
    flood "$tmp/fifo" 'a slow reader' 0 ''
    wait $!
    tap_check 'a slow reader gets every line' grep -qx 20000 "$tmp/lines"
done
head -n 1 <"$tmp/fifo" >"$tmp/lines" &
flood "$tmp/fifo" 'a reader that goes away is status 71' 71 'cannot write the guest.s output: Broken pipe'
if [ -e /dev/full ]; then
    flood /dev/full 'a full disk is status 71' 71 'No space left'
fi
limited "$limit" "$pvrun" "$tmp/flood.elf" </dev/null 2>"$tmp/err" >&-
judge 'stdout closed is status 71' $? 71 'cannot write the guest.s output'
limited "$limit" "$pvrun" --append last "$tmp/reboot.elf" </dev/null 2>&- >"$tmp/out"
status=$?
: >"$tmp/err"
judge 'stderr closed' $status 9 ''

# A reader that never reads; fields 14 and 15 of proc(5)'s stat are the processor time in ticks of 10 ms.
exec 7<>"$tmp/fifo"
"$pvrun" --timeout 2 --qemu "$tmp/qemu" "$tmp/flood.elf" </dev/null 2>"$tmp/err" >"$tmp/fifo" &
sleep 1.5
used=$(sed 's/.*) //' "/proc/$!/stat" | awk '{ print $12 + $13 }')
wait $!
judge 'a reader that never reads: the clock ends it' $? 124 'did not end'
tap_check "a reader that never reads: no busy loop ($used ticks)" test "$used" -lt 50
exec 7>&-

# --- reboot ---

: >"$tmp/starts"
LAST_START=3 gives 'reboot' 9 '' --qemu "$tmp/qemu" "$tmp/reboot.elf"
tap_check 'reboot: three lives' test "$(grep -c again "$tmp/out")-$(grep -c 'done' "$tmp/out")" = 2-1
: >"$tmp/starts"
LAST_START=2 gives 'reboot by a reset' 4 '' --qemu "$tmp/qemu" "$tmp/reset.elf"
gives 'a guest that only reboots is given up' 70 'rebooted 20 times' "$tmp/reboot.elf"

# --- the terminal ---

# on_terminal NAME STATUS SCRIPT: pvrun on a terminal of its own, whose settings must be as before at the end.
# The script is Tcl; start runs pvrun, the kernels are in $k, must waits for a text, and [pvrun] is its number.
on_terminal() {
    local name=$1 want=$2 script=$3
    cat >"$tmp/session" <<END
stty -a >$tmp/before
$pvrun --qemu $tmp/qemu "\$@" 2>$tmp/err
echo "status \$?"
stty -a >$tmp/after
END
    cat >"$tmp/expect" <<END
set timeout 10
set k $tmp
proc fail {what} { puts "NOT SEEN: \$what"; exit 9 }
proc must {text} { expect \$text {} timeout { fail \$text } eof { fail \$text } }
proc start {args} { global spawn_id; eval spawn -noecho sh $tmp/session \$args }
proc pvrun {} { exec sh -c {ps -o ppid= -p \$(cat $tmp/pid)} }
$script
must "status $want"
expect eof
END
    if ! limited "$limit" expect -f "$tmp/expect" >"$tmp/seen" 2>&1 </dev/null; then
        tap_not_ok "$name" "$tmp/seen" "$tmp/err"
    elif ! diff "$tmp/before" "$tmp/after" >"$tmp/seen"; then
        tap_not_ok "$name: the terminal is as before" "$tmp/seen"
    else
        tap_ok "$name"
    fi
}

# shellcheck disable=SC2016 # Tcl's variables
test_terminal() {
    on_terminal 'terminal: keys reach the guest, Ctrl-C and Ctrl-Z too' 3 '
        start $k/echo.elf; must ready; send "one\003\032two"; must "one\003\032two"; send q; must bye'
    on_terminal 'terminal: Ctrl-A x leaves' 130 'start $k/hang.elf; must hanging; send "\001x"'
    on_terminal 'terminal: Ctrl-A Ctrl-A is Ctrl-A, Ctrl-A h is help' 3 '
        start $k/echo.elf; must ready; send "\001h\001\001-"; must "\001-"; send q'
    shows 'terminal: the help' 'Ctrl-A x' "$tmp/err"
    on_terminal 'terminal: after a crash' 70 'start $k/crash.elf; must before'
    on_terminal 'terminal: after a triple fault' 70 'start $k/triple.elf'
    on_terminal 'terminal: after a timeout' 124 'start --timeout 0.5 $k/hang.elf'
    on_terminal 'terminal: after a reboot' 9 '
        exec rm -f $k/starts; set env(LAST_START) 2; start $k/reboot.elf'
    on_terminal 'terminal: QEMU cannot be started' 69 'start --qemu $k/no-qemu $k/hang.elf'
    on_terminal 'terminal: after SIGTERM' 143 'start $k/hang.elf; must hanging; exec kill [pvrun]'
    on_terminal 'terminal: raw again after a stop' 3 '
        start $k/echo.elf; must ready
        exec kill -TSTP [pvrun]; sleep 0.3; exec kill -CONT [pvrun]; sleep 0.3
        send "\003-"; must "\003-"; send q; must bye'
    on_terminal 'terminal: pvrun itself dies' 139 'start $k/hang.elf; must hanging; exec kill -SEGV [pvrun]'
    gone 'terminal: pvrun itself dies: QEMU is gone'
}

if have expect; then
    for _ in $(seq "$(times 1)"); do
        test_terminal
    done
else
    tap_skip 'terminal' 'expect is not installed'
fi
tap_done
