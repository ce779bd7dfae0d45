#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: pvrun: options, bad images, statuses, crash reports
# limit: 90
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pvrun/lib.sh"
# shellcheck disable=SC2154 # tmp and pvrun: lib.sh

# --- options and files: nothing is started ---

exit_kernel plain 0
cp "$tmp/plain.elf" "$tmp/k.elf"
refuses 'usage: no kernel is status 64' 64 'no kernel given .*--help'
refuses 'usage: unknown option' 64 'unknown option --frobnicate' --frobnicate "$tmp/k.elf"
refuses 'usage: a size that is none' 64 'memory 12X: not a size' -m 12X "$tmp/k.elf"
refuses 'usage: a machine that is none' 64 'machine vax: not one of' --machine=vax "$tmp/k.elf"
refuses 'usage: control characters are escaped' 64 'option --a\\x1bb' $'--a\eb'
gives 'help is status 0' 0 '' --help
shows 'help lists the statuses' '^  124  ' "$tmp/out"
gives 'version is status 0' 0 '' --version
if [ -e /dev/full ]; then
    "$pvrun" --help >/dev/full 2>"$tmp/err"
    judge 'help that cannot be written is status 71' $? 71 ''
fi
refuses 'file: missing' 66 'nowhere.elf: No such file' "$tmp/nowhere.elf"
refuses 'file: directory' 66 'is a directory' "$tmp"
mkfifo "$tmp/fifo"
refuses 'file: FIFO without a writer' 66 'is not a regular file' "$tmp/fifo"
if [ "$(id -u)" -eq 0 ]; then
    tap_skip 'file: unreadable' 'root can read everything'
else
    cp "$tmp/k.elf" "$tmp/secret.elf" && chmod 0 "$tmp/secret.elf"
    refuses 'file: unreadable' 66 'Permission denied' "$tmp/secret.elf"
fi
refuses 'initrd: missing' 66 'nothing.cpio: No such file' --initrd "$tmp/nothing.cpio" "$tmp/k.elf"
refuses 'initrd: directory' 66 'is a directory' --initrd "$tmp" "$tmp/k.elf"

# --- images that are no kernels ---

: >"$tmp/empty.elf"
refuses 'image: empty' 65 'is empty' "$tmp/empty.elf"
echo 'not a kernel' >"$tmp/text.elf"
refuses 'image: text' 65 'is not an ELF file' "$tmp/text.elf"
refuses 'image: shell of the host' 65 'is not an executable|is for another' "$(command -v bash)"
for size in 4 16 63 64 100 300 4096 4200; do
    head -c $size "$tmp/k.elf" >"$tmp/cut.elf"
    refuses "image: cut at $size bytes" 65 'truncated' "$tmp/cut.elf"
done
# patch OFFSET BYTES: a copy of the kernel with some bytes changed.
patch() {
    cp "$tmp/k.elf" "$tmp/patched.elf"
    printf '%b' "$2" | dd of="$tmp/patched.elf" bs=1 seek="$1" conv=notrunc status=none
}
patch 4 '\x01'
refuses 'image: 32-bit' 65 'not a 64-bit' "$tmp/patched.elf"
patch 18 '\xb7'
refuses 'image: other machine' 65 'another machine than x86-64' "$tmp/patched.elf"
patch 56 '\xff\xff'
refuses 'image: 65535 program headers' 65 'more program headers' "$tmp/patched.elf"
patch 32 '\xff\xff\xff\xff\xff\xff\xff\x7f'
refuses 'image: program headers far away' 65 'truncated' "$tmp/patched.elf"
patch 24 '\x01\x00\x00\x00\x00\x00\x00\x00'
refuses 'image: entry outside' 65 'entry point' "$tmp/patched.elf"
truncate -s 8E "$tmp/huge.elf" 2>/dev/null || truncate -s 1T "$tmp/huge.elf" 2>/dev/null || : >"$tmp/huge.elf"
refuses 'image: huge hole' 65 'huge.elf' "$tmp/huge.elf"
rm -f "$tmp/huge.elf"
exit_kernel no-note 0 -DNO_NOTE
refuses 'image: no PVOPS note' 65 'not built with pvops.*pkg-config --libs' "$tmp/no-note.elf"
exit_kernel abi 0 -DABI=4242
refuses 'image: other ABI version' 65 'version 4242.*version 1.*rebuild' "$tmp/abi.elf"
exit_kernel posix 0 -DBACKEND=2
refuses 'image: posix backend' 65 'posix' "$tmp/posix.elf"
exit_kernel nine 0 -DBACKEND=99
refuses 'image: unknown backend' 65 'backend number 99' "$tmp/nine.elf"
exit_kernel no-pvh 0 -DNO_PVH
refuses 'image: no PVH note' 65 'PVH' "$tmp/no-pvh.elf"
refuses 'memory: too little says how much' 69 'needs [0-9]+ KiB of memory.*--memory' -m 1M "$tmp/k.elf"
exit_kernel greedy 0 -DMEMORY=0x4000000000
refuses 'memory: the note counts' 69 'needs 256 GiB|needs 25[67].* of memory' "$tmp/greedy.elf"
exit_kernel insane 0 -DMEMORY=0xffffffffffffffff
refuses 'memory: a sum that would overflow' 69 'needs .* TiB' "$tmp/insane.elf"
truncate -s 200M "$tmp/big.cpio"
refuses 'memory: the initrd counts' 69 'with its initrd' --initrd "$tmp/big.cpio" "$tmp/k.elf"

refuses 'QEMU: missing is status 69 and says what to install' 69 'apt-get install qemu-system-x86' \
    --qemu "$tmp/no-qemu" "$tmp/k.elf"
PVRUN_QEMU=$tmp/no-qemu refuses 'QEMU: PVRUN_QEMU is used' 69 'no-qemu.*install' "$tmp/k.elf"
refuses 'QEMU: one that fails at once' 69 'before the guest could start' --qemu false "$tmp/k.elf"
printf '#!/bin/sh\nexec sleep 60\n' >"$tmp/sleeper"
printf '#!/bin/sh\nexec yes\n' >"$tmp/chatter"
chmod +x "$tmp/sleeper" "$tmp/chatter"
gives 'QEMU: one that never answers, ended by the clock' 124 'did not end within 0.3 s' \
    --timeout 0.3 --qemu "$tmp/sleeper" "$tmp/k.elf"
gives 'QEMU: one that never stops talking, ended by the clock' 124 'did not end within 0.3 s' \
    --timeout 0.3 --qemu "$tmp/chatter" "$tmp/k.elf"

if ! have qemu-system-x86_64; then
    tap_skip 'runs in QEMU' 'qemu-system-x86_64 is not installed'
    tap_done
fi

# --- runs ---

gives 'QEMU: its own errors come through, status 69' 69 '^pvrun: qemu: .*nonsense' --cpu nonsense "$tmp/k.elf"

for status in 0 1 42 255; do
    exit_kernel "exit$status" $status
    gives "exit $status" $status '' "$tmp/exit$status.elf"
    shows "exit $status: console output" "hello from exit$status" "$tmp/out"
done
for machine in microvm,acpi=off q35 pc; do
    gives "machine $machine" 42 '' --machine $machine "$tmp/exit42.elf"
done
gives 'cpu max' 42 '' --cpu max "$tmp/exit42.elf"
gives 'two MiB are enough for a small kernel' 42 '' -m 2M "$tmp/exit42.elf"
gives 'verbose shows the command line' 0 '^qemu-system-x86_64 -M microvm.* -name .*two words' --verbose \
    --qemu-arg -name --qemu-arg='two words' "$tmp/exit0.elf"
cp "$tmp/exit42.elf" "$tmp/a,b c=d,,e.elf"
gives 'commas and blanks in the name' 42 '' "$tmp/a,b c=d,,e.elf"
cp "$tmp/exit42.elf" "$tmp/-m"
pushd "$tmp" >/dev/null || exit
gives 'a name that looks like an option' 42 '' -- -m
popd >/dev/null || exit

# Command line and initrd by PVH's start info: offset 24 is the command line, 16 the first module.
make_kernel info <<'END'
    mov 24(%ebx), %esi
    call string
    say "|"
    mov 16(%ebx), %esi
    mov (%esi), %esi
    call string
    say "|\r\n"
    control "exit 0\n"
    leave_machine
string:
    lodsb
    test %al, %al
    jz 1f
    send_al
    jmp string
1:  ret
END
printf 'initrd, of 20 bytes\0' >"$tmp/in,rd.cpio"
gives 'append and initrd reach the kernel' 0 '' --append 'a=1, b="c d",,e' --initrd "$tmp/in,rd.cpio" \
    "$tmp/info.elf"
tap_check 'append and initrd as they were given' grep -qF 'a=1, b="c d",,e' "$tmp/out"
tap_check 'initrd as it was given' grep -qF '|initrd, of 20 bytes|' "$tmp/out"

make_kernel clock <<'END'
    mov $1000000, %ecx
1:  loop 1b
    rdtsc
    mov %eax, %edi
    mov $8, %ecx
2:  rol $4, %edi
    mov %edi, %eax
    and $15, %al
    add $'a', %al
    send_al
    loop 2b
    control "exit 0\n"
    leave_machine
END
gives 'icount: first run' 0 '' --icount "$tmp/clock.elf"
cp "$tmp/out" "$tmp/first"
gives 'icount: second run' 0 '' --icount "$tmp/clock.elf"
tap_same 'icount: both see the same clock' "$tmp/first" "$tmp/out"

# --- crashes ---

make_kernel crash <<'END'
    .globl inner, outer
    say "before\r\n"
    control "crash out of \033[31mcheese\n"
    control "reg rip 0000000000100123\nreg rsp 1000\nreg rax ffffffffffffffff\nreg cr2 dead\nreg r15 1\n"
    control "frame "
    mov $inner + 5, %edi
    call hex
    control "\nframe "
    mov $outer_end, %edi
    call hex
    control "\nframe 12345678\ntrace 77359401 tick 1 2a\nend\n"
    leave_machine
hex:
    mov $8, %ecx
2:  rol $4, %edi
    mov %edi, %eax
    and $15, %al
    add $'0', %al
    cmp $'9', %al
    jbe 3f
    add $'a' - '9' - 1, %al
3:  outb %al, $0xe9
    loop 2b
    ret
    .type inner, @function
inner:
    .skip 16, 0x90
    .size inner, . - inner
    .type outer, @function
outer:
    .skip 16, 0x90
    .size outer, . - outer
outer_end:
END
gives 'crash is status 70, message escaped' 70 'guest crashed: out of \\x1b\[31mcheese' "$tmp/crash.elf"
shows 'crash: registers in a table' '^ +rip 0{10}100123 +rsp 0{12}1000 +rax f{16} +cr2 0{12}dead$' "$tmp/err"
shows 'crash: backtrace with symbol' '#1 .* inner\+0x5$' "$tmp/err"
shows 'crash: a return address behind the end of its function' '#2 .* outer\+0x10$' "$tmp/err"
shows 'crash: an address of nobody' '#3 +0x0000000012345678$' "$tmp/err"
shows 'crash: trace events' '2\.000000001  tick  1 2a$' "$tmp/err"
shows 'crash: output before it is complete' before "$tmp/out"

make_kernel unfinished <<'END'
    control "crash half\nreg rip 10"
    leave_machine
END
gives 'crash: an unfinished report is told' 70 'did not finish its report' "$tmp/unfinished.elf"

make_kernel hostile <<'END'
    mov $100000, %ecx
1:  control "reg a 1\nframe 1\ntrace 1 a 1 1\nexit 256\nexit -1\nexit 1 \nexit\ncrash\n"
    dec %ecx
    jnz 2f
    jmp 3f
2:  and $0xffff, %ecx
    cmp $0x8000, %ecx
    ja 1b
3:  mov $70000, %ecx
    mov $'x', %al
4:  outb %al, $0xe9
    loop 4b
    control "\nexit 7\n"
    leave_machine
END
gives 'hostile control lines are ignored' 7 '' "$tmp/hostile.elf"

make_kernel triple <<'END'
    control "exit 0\n"
    long_mode
    push $0
    mov %rsp, %rbp
    call doom
    .type doom, @function
doom:
    push %rbp
    mov %rsp, %rbp
    mov $0x5eed, %eax
    triple_fault
    .size doom, . - doom
    .code32
END
for machine in microvm q35 pc; do
    gives "triple fault on $machine is status 70, whatever was said before" 70 'triple fault' \
        --machine $machine "$tmp/triple.elf"
    shows "triple fault on $machine: registers" 'rax 0{12}5eed' "$tmp/err"
    shows "triple fault on $machine: symbol" '#0 .* doom\+0x' "$tmp/err"
    shows "triple fault on $machine: backtrace" '#1 .* _start\+0x' "$tmp/err"
done

make_kernel silent <<'END'
    leave_machine
END
gives 'leaving without a word is status 70' 70 'no exit status' "$tmp/silent.elf"
make_kernel acpi-off <<'END'
    control "exit 5\n"
    call flush
    mov $0x604, %dx
    mov $0x2000, %eax
    outw %ax, %dx
END
# The PIIX4 of pc and the ICH9 of q35 need their ports set up by firmware, which SeaBIOS has done.
gives 'ACPI power-off after an exit line' 5 '' --machine q35 "$tmp/acpi-off.elf"

tap_done
