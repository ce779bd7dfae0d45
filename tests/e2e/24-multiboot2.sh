#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the same image boots by GRUB's Multiboot2 from a CD, with BIOS and with UEFI
# limit: 90
. "$(dirname "$0")/lib.sh"

have qemu-system-x86_64 || tap_skip_all 'qemu-system-x86_64 is not installed'
have grub-mkrescue && have xorriso || tap_skip_all 'grub-mkrescue and xorriso are needed to make the CD'

# The loader gives a module here, so that its part of the boot tests runs too.
make_cd() {
    mkdir -p "$tmp/cd/boot/grub"
    cp "$(conform native)" "$tmp/cd/boot/conform.elf"
    printf 'a module\n' >"$tmp/cd/boot/module"
    cat >"$tmp/cd/boot/grub/grub.cfg" <<'CFG'
set timeout=0
menuentry conform {
    multiboot2 /boot/conform.elf conform.only=boot
    module2 /boot/module text
}
CFG
    grub-mkrescue -o "$tmp/cd.iso" "$tmp/cd"
}

# boot NAME QEMU-OPTION…: runs the boot tests from the CD; the control channel must say "exit 0".
boot() {
    local name=$1
    shift
    limited 40 qemu-system-x86_64 -M q35 -m 256 -display none -no-reboot -cdrom "$tmp/cd.iso" \
        -serial "file:$tmp/console" -chardev "file,id=ctl,path=$tmp/control" \
        -device isa-debugcon,iobase=0xe9,chardev=ctl -device isa-debug-exit,iobase=0xf4,iosize=4 \
        "$@" </dev/null >"$tmp/qemu" 2>&1
    # GRUB writes to the same serial line before the kernel does.
    sed -n '/TAP version/,$p' "$tmp/console" >"$tmp/tap"
    tap_include "$name: " "$tmp/tap"
    tap_check "$name: ends with status 0" grep -qx 'exit 0' "$tmp/control"
}

tap_check 'grub-mkrescue makes a CD' make_cd || tap_done
if [ -d /usr/lib/grub/i386-pc ]; then
    boot BIOS
else
    tap_skip 'BIOS' 'grub-pc-bin is not installed'
fi
if [ -d /usr/lib/grub/x86_64-efi ] && have mformat && [ -e /usr/share/ovmf/OVMF.fd ]; then
    boot UEFI -bios /usr/share/ovmf/OVMF.fd
else
    tap_skip 'UEFI' 'grub-efi-amd64-bin, mtools and ovmf are needed'
fi
tap_done
