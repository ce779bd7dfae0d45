/* SPDX-License-Identifier: MIT */
/*
 * void context_switch(void **saved_sp, void *sp)
 *
 * The only place where a thread stops and another one goes on. The caller-saved registers were saved by the
 * C compiler; the others go onto the old stack and come from the new one. The return address decides where
 * the new thread goes on: behind its own call of context_switch(), or at its very start (sched_start() lays
 * out such a stack). The interrupt flag is not part of it: it is off on both sides.
 */
    .text
    .globl context_switch
    .type context_switch, @function
context_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size context_switch, . - context_switch

    .section .note.GNU-stack, "", @progbits
