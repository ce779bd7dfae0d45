#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Seeds of the fuzzers: seeds.sh FOLDER makes FOLDER/elf, /options, /control, /qmp and /walk. Sound inputs, from
# which the fuzzers find the others; made here so that the tree holds nothing binary.
set -euo pipefail

folder=$1
for target in elf options control qmp walk; do
    mkdir -p "$folder/$target"
done

# --- elf: the smallest image that is complete, with and without symbols ---

cat >"$folder/seed.S" <<'END'
    .section .note, "a", @note
    .long 4, 8, 18
    .asciz "Xen"
    .quad _start
    .long 6, 16, 1
    .asciz "PVOPS\0\0"
    .long 1, 1
    .quad 0x10000
    .text
    .globl _start
    .type _start, @function
_start:
    nop
    .size _start, . - _start
label:
    nop
END
cat >"$folder/seed.ld" <<'END'
ENTRY(_start)
PHDRS { all PT_LOAD; note PT_NOTE; }
SECTIONS { . = 0x100000; .note : { *(.note) } :all :note .text : { *(.text) } :all /DISCARD/ : { *(*) } }
END
${CC:-cc} -c "$folder/seed.S" -o "$folder/seed.o"
ld -n -z max-page-size=16 --no-warn-rwx-segments --build-id=none -T "$folder/seed.ld" "$folder/seed.o" \
    -o "$folder/elf/symbols"
strip -o "$folder/elf/stripped" "$folder/elf/symbols"
rm "$folder/seed.S" "$folder/seed.ld" "$folder/seed.o"

# --- options: words separated by zero bytes ---

printf '%s\0' -m 128M --append 'a=b c' --initrd i k.elf >"$folder/options/short"
printf '%s\0' --memory=1G --machine=microvm,acpi=off --cpu=max --timeout=1.5 k >"$folder/options/long"
printf '%s\0' --icount --verbose --no-input --qemu q --qemu-arg=-smp --qemu-arg 2 -- -k \
    >"$folder/options/flags"
printf '%s\0' --help --version -h -V >"$folder/options/help"

# --- control lines ---

printf 'exit 3\nreboot\nexit 0\n' >"$folder/control/ends"
printf 'crash it broke\nreg rip ffffffff80001000\nreg rsp 1\nframe 1001\nframe 2\ntrace 1f tick 1 2\nend\n' \
    >"$folder/control/crash"

# --- the monitor ---

ready='{"QMP": {"version": {}}}\r\n{"return": {}, "id": "ready"}\r\n'
down='{"timestamp": {}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}\r\n'
registers='{"return": "\\r\\nCPU#0\\r\\nRAX=01 RBP=1000\\r\\nR8 =2 RIP=10 RFL=46\\r\\n", "id": "registers"}\r\n'
frame='{"return": "1000: 0x0000000000002000 0x00000000000000ff\\r\\n", "id": "frame"}\r\n'
printf 'n\n%b%b' "$ready" "$down" >"$folder/qmp/life"
printf '%b%b%b%b' "$ready" "$down" "$registers" "$frame" >"$folder/qmp/registers"
printf '%b%b%b' "$registers" "$frame" "${frame/2000/3000}" >"$folder/qmp/frames"

# --- page tables: root in page 0, tables in pages 1 to 3; level 4 to 1, then the same with a large page ---

zeros='\0\0\0\0\0\0\0\0'
tables='\0\0\07\020\0\0\0\0\0\0240\0\02\07\040\0\0\0\0\0\040' # levels 4 and 3; level 4 with NX
printf '%b' "$zeros$zeros\\06\\0\\0\\0\\0\\0\\0\\0\\05\\0\\0\\0\\0\\0\\0\\0" \
    "$tables" '\0\04\07\060\0\0\0\0\0\040' '\0\06\07\0100\0\0\0\0\0\040' \
    >"$folder/walk/small"
printf '%b' "$zeros$zeros\\02\\0\\0\\0\\0\\0\\0\\0\\05\\0\\0\\0\\0\\0\\0\\0" \
    "$tables" '\0\04\0207\0\0\0\0\0\0\0' >"$folder/walk/large"
