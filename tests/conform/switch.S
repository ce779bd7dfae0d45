/* SPDX-License-Identifier: MIT */
/*
 * The harness's assembly: calls that can be left from anywhere, and the trap entry that looks at the
 * registers before the compiler's code changes them. Position-independent, no privileged instruction.
 */
    .text

/* uint64_t conform_call(struct conform_context *context, void (*fn)(void *), void *arg) */
    .globl conform_call
    .type conform_call, @function
conform_call:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, (%rdi)
    movq %rdx, %rdi
    call *%rsi
    xorl %eax, %eax
    jmp 1f

/* void conform_leave(struct conform_context *context, uint64_t value) */
    .globl conform_leave
    .type conform_leave, @function
conform_leave:
    /* TF, DF, NT and AC may be those of the code that was left. */
    pushfq
    andq $~0x44500, (%rsp)
    popfq
    movq (%rdi), %rsp
    movq %rsi, %rax
1:
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size conform_call, . - conform_call

/* void conform_trap_entry(struct pv_frame *frame), registered by pv_trap_init() */
    .globl conform_trap_entry
    .type conform_trap_entry, @function
conform_trap_entry:
    movq %rsp, %rcx
    movq %rbp, %rsi
    pushfq
    popq %rdx
    /* conform_trap(frame, rbp, rflags, rsp) returns to the backend. */
    jmp conform_trap
    .size conform_trap_entry, . - conform_trap_entry

    .section .note.GNU-stack, "", @progbits
