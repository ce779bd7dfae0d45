/* SPDX-License-Identifier: MIT */
/*
 * Where traps enter and leave.
 *
 * Every entry builds a struct pv_frame and calls the kernel's handler with it (trap.c decides for interrupts);
 * pv_trap_return leaves to any frame. GS: kernel code runs with the kernel's base, user code with another one
 * (always 0, since user code cannot set it); swapgs exchanges them at each crossing.
 *
 * Read on in trap.c. SDM vol. 3, 6.14 (64-bit interrupt handling), vol. 2 SYSCALL, SYSRET, SWAPGS.
 */
#define SELECTOR_KERNEL_CODE 0x10
#define SELECTOR_USER_DATA 0x2b
#define SELECTOR_USER_CODE 0x33
#define VECTOR_SYSCALL 0x100
#define VECTOR_DF 8
#define VECTOR_GP 13
#define COUNTER_USER_REFUSED 5 /* PV_DEBUG_USER_REFUSED */
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define RFLAGS_TF_RF 0x10100
#define TSS_RSP0 4

#define FRAME_WORDS 22
#define FRAME_R11 (4 * 8)
#define FRAME_RCX (12 * 8)
#define FRAME_VECTOR (15 * 8)
#define FRAME_ERROR (16 * 8)
#define FRAME_RIP (17 * 8)
#define FRAME_CS (18 * 8)
#define FRAME_RFLAGS (19 * 8)
#define FRAME_SS (21 * 8)

        .macro push_registers
        pushq   %rax
        pushq   %rbx
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %rbp
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        .endm

        .macro pop_registers
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rbp
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rbx
        popq    %rax
        .endm

        /*
         * One stub per vector, 16 bytes each, so that the IDT can be computed. Vectors with an error code of
         * the CPU's: 8, 10-14, 17, 21, 29, 30.
         */
        .text
        .balign 16
        .globl native_stubs
native_stubs:
        .set vector, 0
        .rept 256
        .balign 16
        .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
        .else
        pushq   $0
        .endif
        pushq   $vector
        .if vector == 2 || vector == 8 || vector == 18
        jmp     trap_on_own_stack
        .elseif vector >= 0xd0
        jmp     interrupt
        .else
        jmp     trap
        .endif
        .set vector, vector + 1
        .endr

        /* Exceptions, gates and pv_trap_raise(). */
        .balign 16
trap:
        push_registers
        cld
        testb   $3, FRAME_CS(%rsp)
        jz      1f
        swapgs
1:      xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    *native_trap_entry(%rip)
        jmp     pv_trap_return

        /* Lines, IPIs and the timer: the backend looks at them first. */
        .balign 16
interrupt:
        push_registers
        cld
        testb   $3, FRAME_CS(%rsp)
        jz      1f
        swapgs
1:      xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    native_interrupt
        testb   %al, %al
        jz      pv_trap_return
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    *native_trap_entry(%rip)
        jmp     pv_trap_return

        /*
         * `syscall`: rcx = rip, r11 = rflags, rsp still the user's, IF and DF off by SFMASK. No trap can come
         * before rsp is the kernel's: NMI and machine check have stacks of their own, and user code cannot set
         * a debug register.
         */
        .balign 16
        .globl native_syscall
native_syscall:
        swapgs
        movq    %rsp, syscall_user_rsp(%rip)
        movq    pv_native_tss + TSS_RSP0(%rip), %rsp
        pushq   $SELECTOR_USER_DATA
        pushq   syscall_user_rsp(%rip)
        pushq   %r11
        pushq   $SELECTOR_USER_CODE
        pushq   %rcx
        pushq   $0
        pushq   $VECTOR_SYSCALL
        push_registers
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    *native_trap_entry(%rip)

        .globl pv_trap_return
pv_trap_return:
        cli
        cld
        testb   $3, FRAME_CS(%rsp)
        jz      return_to_kernel

        /* To user mode. What iretq would refuse is refused here, while the kernel's GS is still in place. */
        cmpq    $SELECTOR_USER_CODE, FRAME_CS(%rsp)
        jne     refused
        cmpq    $SELECTOR_USER_DATA, FRAME_SS(%rsp)
        jne     refused
        movq    FRAME_RIP(%rsp), %rcx
        movq    %rcx, %rax
        shlq    $16, %rax
        sarq    $16, %rax
        cmpq    %rcx, %rax
        jne     refused

        /* A frame as a system call leaves it can go the short way: sysret restores rip from rcx, rflags from r11. */
        cmpq    FRAME_RCX(%rsp), %rcx
        jne     return_to_user
        movq    FRAME_RFLAGS(%rsp), %r11
        cmpq    FRAME_R11(%rsp), %r11
        jne     return_to_user
        testl   $RFLAGS_TF_RF, %r11d
        jnz     return_to_user
        pop_registers
        swapgs
        movq    5 * 8(%rsp), %rsp
        sysretq

return_to_user:
        pop_registers
        addq    $16, %rsp
        swapgs
        iretq

return_to_kernel:
        pop_registers
        addq    $16, %rsp
        iretq

        /*
         * The registers of the refused frame become the frame of a #GP from user mode, where such a trap puts
         * it. The two may overlap, and below the old one there need not be a stack: so copy by way of a buffer.
         */
refused:
        movq    %rsp, %rsi
        movq    $refused_frame, %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        movq    pv_native_tss + TSS_RSP0(%rip), %rsp
        subq    $FRAME_WORDS * 8, %rsp
        movq    $refused_frame, %rsi
        movq    %rsp, %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        movq    $VECTOR_GP, FRAME_VECTOR(%rsp)
        movq    $0, FRAME_ERROR(%rsp)
        incq    native_counters + 8 * COUNTER_USER_REFUSED(%rip)
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    *native_trap_entry(%rip)
        jmp     pv_trap_return

        /*
         * NMI, double fault, machine check can interrupt the entry and exit code above between a change of
         * privilege and its swapgs. So whose GS is loaded is told by its base: user code's is always 0. (When
         * both are 0 it does not matter.) ebx remembers whether to swap back.
         */
        .balign 16
trap_on_own_stack:
        push_registers
        cld
        xorl    %ebx, %ebx
        movl    $MSR_GS_BASE, %ecx
        rdmsr
        orl     %edx, %eax
        jnz     1f
        swapgs
        incl    %ebx
1:      xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    *native_trap_entry(%rip)
        cmpq    $VECTOR_DF, FRAME_VECTOR(%rsp)
        je      2f
        testl   %ebx, %ebx
        jz      return_to_kernel
        swapgs
        jmp     return_to_kernel /* the pops and the iretq are the same */
2:      movq    %rsp, %rdi
        call    native_double_fault_declined

        /* int $n for a vector that is not a constant: pv_trap_raise(). One entry per vector, 4 bytes each. */
        .balign 16
        .globl native_raise_table
native_raise_table:
        .set vector, 0
        .rept 256
        .balign 4
        .byte   0xcd, vector /* int $vector; int3 has a shorter form that the assembler would take */
        ret
        .set vector, vector + 1
        .endr

        .local  refused_frame
        .comm   refused_frame, FRAME_WORDS * 8, 16
        .local  syscall_user_rsp
        .comm   syscall_user_rsp, 8, 8

        .section .note.GNU-stack, "", @progbits
