#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: inline native ops compile to the bare instructions, gcc and clang
# limit: 60
. "$(dirname "$0")/lib.sh"

pairs=$srcdir/tests/e2e/zero-overhead

# The flags that a kernel outside the tree gets, from the .pc file; without a build, those that matter here.
guest_flags() {
    local pc=$build/backend-native/pvops-native.pc
    if [ -e "$pc" ]; then
        sed -n 's/^Cflags://p' "$pc" | tr ' ' '\n' | grep -v '^-I' | tr '\n' ' '
    else
        echo -ffreestanding -march=x86-64 -mgeneral-regs-only -mno-red-zone -fno-stack-protector \
            -fcf-protection=none -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-pic -fno-pie \
            -mcmodel=kernel
    fi
}

# compile CC FILE…: their code, as code() prints it, to standard output.
compile() {
    local cc=$1 file
    shift
    for file; do
        # shellcheck disable=SC2046 # words are wanted
        "$cc" -std=gnu11 $(guest_flags) -O2 -Wall -Wextra -Werror -Wno-unused-parameter -ffunction-sections \
            -I"$srcdir/include" -I"$srcdir/backend-native/include" -c "$file" -o "$tmp/pairs.o" || return
        code "$tmp/pairs.o"
    done
}

# code OBJECT: one line per instruction, "FUNCTION<tab>INSTRUCTION". Names of the two sides become one,
# addresses become offsets from the start of the function, padding behind the last instruction goes.
# Each function has a section of its own, so offsets start at 0 and padding is not part of it.
code() {
    objdump --disassemble --reloc --no-show-raw-insn "$1" | awk '
        /^[0-9a-f]+ <.*>:$/ { f = $2; gsub(/[<>:]/, "", f); next }
        /^Disassembly|file format|^$/ { next }
        /R_X86_64_/ { print f "\t  reloc " $2 " " $3; next }
        {
            sub(/^ *[0-9a-f]+:[ \t]*/, "")
            sub(/[ \t]*#.*$/, "")
            gsub(/<(op|ref)_/, "<")
            gsub(/[ \t]+/, " ")
            sub(/ $/, "")
            print f "\t" $0
        }'
}

# one FUNCTION FILE: its instructions.
one() {
    awk -F '\t' -v f="$1" '$1 == f { print $2 }' "$2"
}

# same NAME FILE: op_NAME and ref_NAME are there and equal; shows the difference otherwise.
same() {
    one "op_$1" "$2" >"$tmp/op"
    one "ref_$1" "$2" >"$tmp/ref"
    [ -s "$tmp/op" ] && [ -s "$tmp/ref" ] && diff -u --label "ref_$1" --label "op_$1" "$tmp/ref" "$tmp/op"
}

# The body of a straight-line op: without frame pointer set-up and return, in one line.
body() {
    one "op_$1" "$2" | sed -E '/^push %rbp$|^mov %rsp,%rbp$|^pop %rbp$|^ret$/d' | paste -sd ';'
}

# What the ops must be, whatever the references say.
pinned=(
    'irq_save=pushf;pop %rax;cli'
    'irq_enable=sti'
    'irq_disable=cli'
    'irq_window=sti;nop;cli'
    'cpu_idle=sti;hlt'
    'cpu_relax=pause'
    'mmu_load=mov %rdi,%cr3'
    'mmu_root=mov %cr3,%rax'
    'mmu_invalidate_page=invlpg (%rdi)'
    'mmu_batch='
    'mmu_table='
    'pte_set=mov %rcx,(%rdx)'
    'pte_get=mov (%rdi),%rax'
    'pte_exchange=mov %rcx,%rax;xchg %rax,(%rdx)'
    'trap_fault_address=mov %cr2,%rax'
    'trap_raise=int $0x81'
    'debug_break=int3'
)

# names FILE…: of the pairs in them.
names() {
    sed -nE 's/^[a-z].*[ *]op_([a-z0-9_]+)\(.*/\1/p' "$@"
}

# try_compile OUTPUT CC FILE…
try_compile() {
    compile "${@:2}" >"$1"
}

check_compiler() {
    local cc=$1 code=$tmp/$1.txt name entry
    local files=("$pairs"/cpu.c "$pairs"/mmu.c "$pairs"/trap.c "$pairs"/use.c)
    if ! have "$cc"; then
        tap_skip "$cc: inline ops are the bare instructions" "$cc is not installed"
        return
    fi
    tap_check "$cc: the pairs compile" try_compile "$code" "$cc" "${files[@]}" || return
    for name in $(names "${files[@]}"); do
        tap_check "$cc: $name equals the bare instructions" same "$name" "$code"
    done
    for entry in "${pinned[@]}"; do
        name=${entry%%=*}
        echo "${entry#*=}" >"$tmp/want"
        body "$name" "$code" >"$tmp/body"
        tap_same "$cc: $name is its instruction" "$tmp/want" "$tmp/body"
    done
}

# The comparison itself: pairs that differ in one respect each, or are not there, have to be found different.
check_comparison() {
    local cc=$1 code=$tmp/wrong.txt name
    have "$cc" || return
    tap_check "$cc: the wrong pairs compile" try_compile "$code" "$cc" "$pairs/wrong.c" || return
    for name in $(names "$pairs/wrong.c"); do
        if ! same "$name" "$code" >"$tmp/out" && [ -s "$tmp/out" ]; then
            tap_ok "$cc: the comparison sees $name"
        else
            tap_not_ok "$cc: the comparison sees $name" "$code"
        fi
    done
    if same missing "$code"; then
        tap_not_ok "$cc: the comparison sees a missing pair"
    else
        tap_ok "$cc: the comparison sees a missing pair"
    fi
}

have objdump || tap_skip_all "objdump is not installed"
for compiler in gcc clang; do
    check_compiler "$compiler"
    check_comparison "$compiler"
done
tap_done
