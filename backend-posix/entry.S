/* SPDX-License-Identifier: MIT */
/*
 * Traps of the guest: where they enter, how they are made by the guest half itself, and pv_trap_return.
 *
 * The monitor builds the frames of faults, system calls and interrupted code and jumps to the first two entries
 * below. What the guest raises itself (pv_trap_raise, a fault in a copy of user memory, an interrupt that became
 * due by enabling) gets its frame here, without a system call. Signals are handled on a stack of the monitor's,
 * so memory below rsp is ours to write first and claim later.
 */
#include <pvops/backend/abi.h>

#define FRAME_WORDS 22
#define FRAME_SIZE (FRAME_WORDS * 8)
#define FRAME_VECTOR (15 * 8)
#define FRAME_ERROR (16 * 8)
#define FRAME_RIP (17 * 8)
#define FRAME_CS (18 * 8)
#define FRAME_RFLAGS (19 * 8)
#define FRAME_RSP (20 * 8)
#define FRAME_SS (21 * 8)

#define KERNEL_CODE 0x10
#define KERNEL_DATA 0x18
#define USER_CODE 0x33
#define USER_DATA 0x2b
#define RFLAGS_IF 0x200
#define RFLAGS_NT 0x4000
#define RFLAGS_SYSTEM 0x7000 /* IOPL, NT: what iretq must not take from a frame */
#define VECTOR_GP 13
#define VECTOR_PF 14
#define PV_EFAULT 14

        /*
         * A frame of the caller of the function this stands in: rip is the return address on the stack, rsp
         * what it is behind the return. Leaves rsp = rdi = frame, rbx = ABI page, interrupts off. The frame's
         * upper words may lie where the return address and the saved registers are: those are read first.
         */
        .macro make_frame
        pushq   %rbx
        pushq   %rcx
        pushq   %rax
        pushfq
        popq    %rcx
        /* Off before anything is written below rsp: what interrupts until then puts its own frame there. */
        movabsq $PV_POSIX_ABI, %rbx
        andl    $~RFLAGS_IF, %ecx
        cmpl    $0, PV_POSIX_IRQ_ON(%rbx)
        je      1f
        orl     $RFLAGS_IF, %ecx
1:      movl    $0, PV_POSIX_IRQ_ON(%rbx)
        leaq    32(%rsp), %rbx
        leaq    -FRAME_SIZE(%rbx), %rax
        andq    $-16, %rax
        movq    %r15, (%rax)
        movq    %r14, 8(%rax)
        movq    %r13, 16(%rax)
        movq    %r12, 24(%rax)
        movq    %r11, 32(%rax)
        movq    %r10, 40(%rax)
        movq    %r9, 48(%rax)
        movq    %r8, 56(%rax)
        movq    %rbp, 64(%rax)
        movq    %rdi, 72(%rax)
        movq    %rsi, 80(%rax)
        movq    %rdx, 88(%rax)
        movq    8(%rsp), %r8 /* rcx */
        movq    16(%rsp), %r9 /* rbx */
        movq    (%rsp), %r10 /* rax */
        movq    24(%rsp), %r11 /* rip */
        movq    %r8, 96(%rax)
        movq    %r9, 104(%rax)
        movq    %r10, 112(%rax)
        movq    %r11, FRAME_RIP(%rax)
        movq    $KERNEL_CODE, FRAME_CS(%rax)
        movq    %rbx, FRAME_RSP(%rax)
        movq    $KERNEL_DATA, FRAME_SS(%rax)
        movabsq $PV_POSIX_ABI, %rbx
        movq    %rcx, FRAME_RFLAGS(%rax)
        movq    $0, FRAME_VECTOR(%rax)
        movq    $0, FRAME_ERROR(%rax)
        movq    %rax, %rsp
        movq    %rax, %rdi
        .endm

        .text
        /* From the monitor: rsp = rdi = frame, interrupts off. */
        .globl posix_sync_entry
posix_sync_entry:
        cld
        xorl    %ebp, %ebp
        call    *posix_trap_entry(%rip)
        jmp     pv_trap_return

        /* A handler that returns from a double fault declines it. */
        .globl posix_double_fault_entry
posix_double_fault_entry:
        cld
        xorl    %ebp, %ebp
        movq    %rdi, %rbx
        call    *posix_trap_entry(%rip)
        movq    %rbx, %rdi
        call    posix_double_fault_declined

        .globl posix_async_entry
posix_async_entry:
        cld
        xorl    %ebp, %ebp
        movq    %rdi, %rbx
        call    posix_interrupt
        testb   %al, %al
        jz      pv_trap_return
        movq    %rbx, %rdi
        jmp     posix_sync_entry

        .globl pv_posix_deliver
pv_posix_deliver:
        make_frame
        jmp     posix_async_entry

        /* void pv_posix_trap_raise(unsigned vector) */
        .globl pv_posix_trap_raise
pv_posix_trap_raise:
        leal    -0x20(%rdi), %eax
        cmpl    $0xaf, %eax
        ja      posix_bad_raise
        movl    %edi, %edx
        make_frame
        movq    %rdx, FRAME_VECTOR(%rdi)
        jmp     posix_sync_entry

        /*
         * int posix_user_fault(pv_va_t va, uint64_t error): a page fault of the kernel at a user address. 0: the
         * handler returned, try again; -PV_EFAULT: it gave up, by pv_user_fault_fixup().
         */
        .globl posix_user_fault, posix_user_fault_return, posix_user_fault_fail
posix_user_fault:
        call    1f
posix_user_fault_return:
        xorl    %eax, %eax
        ret
posix_user_fault_fail:
        movl    $-PV_EFAULT, %eax
        ret
1:      movq    %rdi, %rdx
        make_frame
        movq    %rdx, PV_POSIX_FAULT_ADDRESS(%rbx)
        movq    $VECTOR_PF, FRAME_VECTOR(%rdi)
        movq    %rsi, FRAME_ERROR(%rdi)
        jmp     posix_sync_entry

        /* void posix_general_protection(void) */
        .globl posix_general_protection
posix_general_protection:
        make_frame
        movq    $VECTOR_GP, FRAME_VECTOR(%rdi)
        jmp     posix_sync_entry

        .globl pv_trap_return
pv_trap_return:
        cld
        movabsq $PV_POSIX_ABI, %rbx
        movl    $0, PV_POSIX_IRQ_ON(%rbx)
        testb   $3, FRAME_CS(%rsp)
        jz      to_kernel

        cmpq    $USER_CODE, FRAME_CS(%rsp)
        jne     refused
        cmpq    $USER_DATA, FRAME_SS(%rsp)
        jne     refused
        movq    FRAME_RIP(%rsp), %rcx
        movq    %rcx, %rax
        shlq    $16, %rax
        sarq    $16, %rax
        cmpq    %rcx, %rax
        jne     refused
        movl    $PV_POSIX_CALL_USER, %eax
        movq    %rsp, %rdi
        jmp     *PV_POSIX_CALL(%rbx) /* no return address: below the frame there need not be a stack */

to_kernel:
        movq    %rsp, return_frame(%rip)
        /*
         * From here to the iretq the flag may be on although the registers are not yet those of the frame. An
         * interrupt then cannot be delivered on the spot: the monitor starts this again, and the check of
         * `pending` finds it. The frame is only read, so that it can be.
         */
        .globl posix_return_begin, posix_return_end
posix_return_begin:
        movabsq $PV_POSIX_ABI, %rbx
        movl    $0, PV_POSIX_IRQ_ON(%rbx)
        movq    return_frame(%rip), %rsp
        movq    FRAME_RIP(%rsp), %rax
        movq    %rax, iret_words(%rip)
        movq    FRAME_RFLAGS(%rsp), %rax
        andq    $~RFLAGS_SYSTEM, %rax
        movq    %rax, iret_words + 16(%rip)
        movq    FRAME_RSP(%rsp), %rax
        movq    %rax, iret_words + 24(%rip)
        testl   $RFLAGS_IF, FRAME_RFLAGS(%rsp)
        jz      1f
        movl    $1, PV_POSIX_IRQ_ON(%rbx)
        cmpl    $0, PV_POSIX_PENDING(%rbx)
        jne     deliver_first
1:      popq    %r15
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
        leaq    iret_words(%rip), %rsp
        iretq
posix_return_end:

        /* What is pending interrupts the code that the frame belongs to, before its next instruction. */
deliver_first:
        movl    $0, PV_POSIX_IRQ_ON(%rbx)
        movq    FRAME_RSP(%rsp), %rbp
        leaq    -FRAME_SIZE(%rbp), %rbp
        andq    $-16, %rbp
        movq    %rsp, %rsi
        leaq    frame_copy(%rip), %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        leaq    frame_copy(%rip), %rsi
        movq    %rbp, %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        movq    %rbp, %rsp
        movq    %rbp, %rdi
        movq    $0, FRAME_VECTOR(%rdi)
        movq    $0, FRAME_ERROR(%rdi)
        jmp     posix_async_entry

        /* A frame that no CPU would go to: the #GP of the user code that it was for. */
refused:
        movq    %rsp, %rsi
        leaq    frame_copy(%rip), %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        movq    PV_POSIX_STACK_TOP(%rbx), %rsp
        subq    $FRAME_SIZE, %rsp
        leaq    frame_copy(%rip), %rsi
        movq    %rsp, %rdi
        movl    $FRAME_WORDS, %ecx
        rep movsq
        movq    $VECTOR_GP, FRAME_VECTOR(%rsp)
        movq    $0, FRAME_ERROR(%rsp)
        incq    posix_user_refused(%rip)
        movq    %rsp, %rdi
        jmp     posix_sync_entry

        .data
        .balign 16
iret_words:
        .quad 0, USER_CODE, 0, 0, USER_DATA
return_frame:
        .quad 0
        .globl posix_user_refused
posix_user_refused:
        .quad 0

        .bss
        .balign 16
frame_copy:
        .skip FRAME_SIZE

        .section .note.GNU-stack, "", @progbits
