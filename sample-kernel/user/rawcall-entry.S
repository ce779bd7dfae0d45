/* SPDX-License-Identifier: MIT */
/* System calls with every register under control, which C cannot do: see rawcall.h. */
#include "rawcall.h"

    .macro load register, place
    movq \place(%rip), \register
    .endm

    .macro store register, place
    movq \register, \place(%rip)
    .endm

    .macro each_register do, area
    \do %r15, \area+0
    \do %r14, \area+8
    \do %r13, \area+16
    \do %r12, \area+24
    \do %r11, \area+32
    \do %r10, \area+40
    \do %r9, \area+48
    \do %r8, \area+56
    \do %rbp, \area+64
    \do %rdi, \area+72
    \do %rsi, \area+80
    \do %rdx, \area+88
    \do %rcx, \area+96
    \do %rbx, \area+104
    \do %rax, \area+112
    .endm

/* A function that does one instruction. mov changes no flags, so they can be set before the registers. */
    .macro raw_function name, instruction:vararg
    .globl \name, \name\()_after
    .type \name, @function
\name:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, raw_stack(%rip)
    pushq raw_in+RAW_FLAGS(%rip)
    popfq
    each_register load, raw_in
    \instruction
\name\()_after:
    each_register store, raw_out
    movq %rsp, raw_out+RAW_RSP(%rip)
    movq raw_stack(%rip), %rsp
    pushfq
    popq raw_out+RAW_FLAGS(%rip)
    pushq $0x202
    popfq
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .size \name, . - \name
    .endm

    .text
    raw_function raw_syscall, syscall
    raw_function raw_int80, int $0x80
    raw_function raw_gate, call *%rcx

    .bss
    .balign 16
    .globl raw_in, raw_out, raw_stack
raw_in:
    .skip RAW_COUNT * 8
raw_out:
    .skip RAW_COUNT * 8
raw_stack:
    .skip 8

    .section .note.GNU-stack, "", @progbits
