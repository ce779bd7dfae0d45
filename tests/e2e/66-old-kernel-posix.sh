#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: posix
# what: the conformance suite and the session as processes of an old kernel, Debian's 6.1 in QEMU
# limit: 900
# soak: 2
. "$(dirname "$0")/lib.sh"

have qemu-system-x86_64 || tap_skip_all 'qemu-system-x86_64 is not installed'

here=$(dirname "$0")/old-kernel
cache=$build/old-kernel # of the packages; the initramfs is made each time, which takes no time

fetch() {
    limited 60 "$here/fetch" "$cache"
}

fetch >"$tmp/fetch" 2>&1
case $? in
0) ;;
69) tap_skip_all "apt does not get a Linux 6.1: $(tail -n 1 "$tmp/fetch")" ;;
*) tap_not_ok "Debian's kernel is unpacked" "$tmp/fetch" && tap_done ;;
esac

# The same paths as here: the program names its loader.
copy_libraries() {
    local file
    for file in $(ldd "$1" | grep -o '/[^ ]*'); do
        mkdir -p "$tmp/root${file%/*}" && cp -L "$file" "$tmp/root$file" || return 1
    done
}

# The session takes minutes where the kernel below is emulated: in soak runs only.
sessions=false boot_limit=165
[ "$PV_TEST_N" -eq 1 ] || sessions=true boot_limit=800

make_initramfs() {
    mkdir -p "$tmp/root/bin" "$tmp/root/etc" && cp "$cache/busybox" "$tmp/root/bin/" &&
        cp "$pvrun" "$tmp/root/pvrun" && copy_libraries "$pvrun" && cp "$here/init" "$tmp/root/init" &&
        cp "$(conform posix)" "$tmp/root/conform.elf" && cp "$(kernel posix)" "$tmp/root/kernel.elf" &&
        cp "$initrd" "$tmp/root/initrd.cpio" || return 1
    [ "$sessions" = false ] || touch "$tmp/root/sessions"
    printf '%s\n' root::0:0::/:/bin/sh user::1000:1000::/:/bin/sh >"$tmp/root/etc/passwd"
    chmod -R a+rX "$tmp/root" && chmod a+rx "$tmp/root/init" "$tmp/root/pvrun" "$tmp/root/bin/busybox" &&
        (cd "$tmp/root" && find . | cpio --quiet -o -H newc -R 0:0) >"$tmp/initramfs"
}

# Without SMAP: QEMU before 9.1 makes an iretq of user code read its stack as if it were the kernel.
boot() {
    limited "$boot_limit" qemu-system-x86_64 -accel tcg -M q35 -cpu EPYC,-smap -smp 2 -m 1024 -display none -nodefaults \
        -no-user-config -no-reboot -serial "file:$tmp/serial" -kernel "$cache/vmlinuz" -initrd "$tmp/initramfs" \
        -append 'console=ttyS0 panic=-1 quiet' </dev/null >"$tmp/qemu" 2>&1
    tr -d '\r' <"$tmp/serial" >"$tmp/console"
    grep -q '^== begin user-suite.status' "$tmp/console"
}

# came_out NAME: what init printed of a file.
came_out() {
    sed -n "/^== begin $1\$/,/^== end\$/{/^== /d;p;}" "$tmp/console" >"$tmp/$1"
}

# judge_suite USER: tests that need more memory or another CPU are left to other parts.
judge_suite() {
    came_out "$1-suite.out" && came_out "$1-suite.err" && came_out "$1-suite.status"
    tap_include "$1: " <(sed -E 's/ # SKIP (.*)/ (left to another machine: \1)/' "$tmp/$1-suite.out")
    tap_check "$1: the suite's status is 0" grep -qx 0 "$tmp/$1-suite.status" || sed 's/^/# /' "$tmp/$1-suite.err"
}

judge_session() {
    came_out "$1-session.out" && came_out "$1-session.err" && came_out "$1-session.status"
    tap_check "$1: the session's status is 42" grep -qx 42 "$tmp/$1-session.status" ||
        sed 's/^/# /' "$tmp/$1-session.err"
    tap_same "$1: the session's transcript is this machine's, byte for byte" "$tmp/session" "$tmp/$1-session.out"
}

tap_check 'an initramfs is made' make_initramfs || tap_done
if boot; then
    tap_ok 'the old kernel starts and ends'
else
    tap_not_ok 'the old kernel starts and ends' "$tmp/qemu" "$tmp/console"
    tap_done
fi
limited 60 "$pvrun" --timeout 50 --no-input --memory 32M --append script=session --initrd "$initrd" \
    "$(kernel posix)" 2>"$tmp/session.err" </dev/null | tr -d '\r' >"$tmp/session"
came_out kernel
tap_check 'it is Linux 6.1' grep -q '^6\.1\.' "$tmp/kernel"
for user in user root; do
    judge_suite "$user"
    [ "$sessions" = false ] || judge_session "$user"
done
tap_done
