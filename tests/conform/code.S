/* SPDX-License-Identifier: MIT */
/*
 * Code that loads every general register with a value of its own, checks that it still has it, or traps in
 * between: kernel code in .text, the same as a blob of user code in .rodata (see CONFORM_BLOB in conform.h).
 * Registers are compared with memory, so that no scratch register is needed. Nothing here depends on where
 * it runs. Used by trap.c, preempt.c and syscall.c.
 */

/* In the order of struct pv_frame. */
#define EACH(op) \
    op(r15, 0) op(r14, 8) op(r13, 16) op(r12, 24) op(r11, 32) op(r10, 40) op(r9, 48) op(r8, 56) \
    op(rbp, 64) op(rdi, 72) op(rsi, 80) op(rdx, 88) op(rcx, 96) op(rbx, 104) op(rax, 112)

/* Those that the syscall instruction leaves alone. */
#define EACH_KEPT(op) \
    op(r15, 0) op(r14, 8) op(r13, 16) op(r12, 24) op(r10, 40) op(r9, 48) op(r8, 56) \
    op(rbp, 64) op(rdi, 72) op(rsi, 80) op(rdx, 88) op(rbx, 104) op(rax, 112)

#define GLOBAL(name) .globl name; name:

    .macro values
    .quad 0x1f0f1f0f00000001, 0x2e0e2e0e80000002, 0x3d0d3d0d00000003, 0x4c0c4c0c80000004, 0x5b0b5b0b00000005
    .quad 0x6a0a6a0a80000006, 0x7909790900000007, 0x8808880880000008, 0x9707970700000009, 0xa606a6068000000a
    .quad 0xb505b5050000000b, 0xc404c4048000000c, 0xd303d3030000000d, 0xe202e2028000000e, 0xf101f1010000000f
    .endm

    .section .rodata
    .balign 16
GLOBAL(conform_values)
    values

    .bss
    .balign 8
GLOBAL(conform_rounds)
    .skip 8

/* --- kernel code, entered by a frame made by hand --- */

#define KERNEL_LOAD(reg, offset) movq conform_values+offset(%rip), %reg;
#define KERNEL_CHECK(reg, offset) cmpq conform_values+offset(%rip), %reg; jne kernel_differs;

    .text
GLOBAL(kernel_load)
    EACH(KERNEL_LOAD)
GLOBAL(kernel_loaded)
    ud2

GLOBAL(kernel_check)
    EACH(KERNEL_CHECK)
GLOBAL(kernel_same)
    ud2
GLOBAL(kernel_differs)
    ud2

GLOBAL(kernel_loop)
    EACH(KERNEL_LOAD)
GLOBAL(kernel_loop_begin)
    EACH(KERNEL_CHECK)
    incq conform_rounds(%rip)
    jmp kernel_loop_begin
GLOBAL(kernel_loop_end)

/* The flags of the frame as the code finds them, into rax. */
GLOBAL(kernel_flags)
    pushfq
    popq %rax
GLOBAL(kernel_flags_read)
    ud2

GLOBAL(kernel_ud2)
    ud2

GLOBAL(kernel_div)
    divq %rcx
GLOBAL(kernel_load_rbx)
    movq (%rbx), %rax
GLOBAL(kernel_load_rbp)
    movq (%rbp), %rax
GLOBAL(kernel_store_rsi)
    movq %rax, (%rsi)
GLOBAL(kernel_load_rsi)
    movq (%rsi), %rax
GLOBAL(kernel_jump_rsi)
    jmp *%rsi
GLOBAL(kernel_push)
    pushq %rax
GLOBAL(kernel_step)
    nop
GLOBAL(kernel_step_1)
    movl $1, %eax
GLOBAL(kernel_step_2)
    nop

/* --- the same as user code --- */

#define USER_LOAD(reg, offset) movq user_values+offset(%rip), %reg;
#define USER_CHECK(reg, offset) cmpq user_values+offset(%rip), %reg; jne user_differs;
/* The data page, CONFORM_USER_DATA: a counter. */
#define ROUNDS 0x600000

    .section .rodata
    .balign 16
GLOBAL(registers_start)
user_values:
    values

GLOBAL(user_syscall)
    EACH(USER_LOAD)
    syscall
GLOBAL(user_syscall_behind)
    EACH_KEPT(USER_CHECK)
    jmp user_same

GLOBAL(user_int)
    EACH(USER_LOAD)
    int $0x20
GLOBAL(user_int_behind)
    EACH(USER_CHECK)
    jmp user_same

GLOBAL(user_fault)
    EACH(USER_LOAD)
GLOBAL(user_fault_at)
    ud2
GLOBAL(user_fault_behind)
    EACH(USER_CHECK)
    jmp user_same

GLOBAL(user_check)
    EACH(USER_CHECK)
GLOBAL(user_same)
    ud2
GLOBAL(user_differs)
    ud2

GLOBAL(user_loop)
    EACH(USER_LOAD)
GLOBAL(user_loop_begin)
    EACH(USER_CHECK)
    incq ROUNDS
    jmp user_loop_begin
GLOBAL(user_loop_end)

/* A loop of system calls: rcx and r11 are the instruction's. */
GLOBAL(user_calls)
    EACH(USER_LOAD)
GLOBAL(user_calls_begin)
    syscall
    EACH_KEPT(USER_CHECK)
    incq ROUNDS
    jmp user_calls_begin
GLOBAL(user_calls_end)

/* Flags from the stack, a trap, and the flags as they are then. */
GLOBAL(user_flags_syscall)
    popfq
    syscall
GLOBAL(user_flags_syscall_behind)
    pushfq
    popq %rax
GLOBAL(user_flags_syscall_read)
    ud2

GLOBAL(user_flags_int)
    popfq
    int $0x20
GLOBAL(user_flags_int_behind)
    pushfq
    popq %rax
GLOBAL(user_flags_int_read)
    ud2

GLOBAL(user_flags_fault)
    popfq
GLOBAL(user_flags_fault_at)
    ud2

GLOBAL(user_spin)
    jmp user_spin

GLOBAL(user_load_rdi)
    movq (%rdi), %rax
GLOBAL(user_load_rdi_done)
    ud2
GLOBAL(registers_end)
    .byte 0

    .section .note.GNU-stack, "", @progbits
