/* SPDX-License-Identifier: MIT */
/*
 * The image's note and its first instructions. The monitor has mapped image, direct map and ABI page and jumps
 * here with interrupts off on no stack. Next: posix_boot() in boot.c.
 */
#include <pvops/abi/note.h>

#define BOOT_STACK_SIZE 16384

        .section .note.pvops, "a", @note
        .balign 4
        .long 6, PV_NOTE_DESC_SIZE, PV_NOTE_TYPE
        .asciz PV_NOTE_NAME
        .balign 4
        .long PV_ABI_VERSION, PV_NOTE_BACKEND_POSIX
        .quad 0x100000 /* page tables of the direct map and slack */

        .section .text.boot, "ax"
        .globl pv_posix_start
pv_posix_start:
        leaq    posix_boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    posix_boot
        leaq    posix_boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    posix_enter_kernel
        ud2

        .bss
        .balign 4096
        .globl posix_boot_stack_guard
posix_boot_stack_guard: /* boot.c leaves this page out of the tables */
        .skip 4096
        .skip BOOT_STACK_SIZE
posix_boot_stack_top:

        .section .note.GNU-stack, "", @progbits
