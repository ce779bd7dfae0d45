/* SPDX-License-Identifier: MIT */
/* Where every program starts. The kernel enters with rsp at argc and with all other registers 0 (abi.h); that
 * they are is recorded here, since this is the only place where it can be seen (rawcall looks at it). */

    .text
    .globl _start
    .type _start, @function
_start:
    orq %rbx, %rax
    orq %rcx, %rax
    orq %rdx, %rax
    orq %rsi, %rax
    orq %rdi, %rax
    orq %rbp, %rax
    orq %r8, %rax
    orq %r9, %rax
    orq %r10, %rax
    orq %r11, %rax
    orq %r12, %rax
    orq %r13, %rax
    orq %r14, %rax
    orq %r15, %rax
    movq %rax, start_registers(%rip)

    xorl %ebp, %ebp
    movq (%rsp), %rdi
    leaq 8(%rsp), %rsi
    call main
    movl %eax, %edi
    call exit
    ud2
    .size _start, . - _start

    .bss
    .balign 8
    .globl start_registers
start_registers:
    .skip 8

    .section .note.GNU-stack, "", @progbits
