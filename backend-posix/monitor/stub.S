/* SPDX-License-Identifier: MIT */
/*
 * The gate page and the stub page: the only code in a space that is not the user's.
 *
 * User code can jump to every byte of this with any registers, so nothing here needs trust: what the system
 * calls below may do is decided by filter-space.c (by instruction pointer and arguments) and by the monitor,
 * which is asked about each. Entered by the host kernel (signals) and by user code (`call` of the gate page);
 * left by `iretq`, which at CPL 3 loads rip, cs, rflags, rsp and ss but neither IF nor IOPL (SDM volume 2,
 * IRET). A resume never is an rt_sigreturn(2): signal frames are dropped. Next: stub-layout.h says what a
 * signal at each address means, stub-finish.S has the last part of a space's start.
 */
#include "space.h"
#include "stub-layout.h"

#define AREA(field) (POSIX_AREA + POSIX_AREA_##field)
#define G(field) %gs:(field * 8)
#define EINTR 4

    .section .gate, "ax"
gate:
    /* GS base is the address of area.gate; the order is that of struct posix_gate_regs. */
    pushfq
    popq G(14)
    movq %rax, G(0)
    movq %rbx, G(1)
    movq %rdx, G(2)
    movq %rsi, G(3)
    movq %rdi, G(4)
    movq %rbp, G(5)
    movq %rsp, G(6)
    movq %r8, G(7)
    movq %r9, G(8)
    movq %r10, G(9)
    movq %r12, G(10)
    movq %r13, G(11)
    movq %r14, G(12)
    movq %r15, G(13)
    stmxcsr %gs:(15 * 8)
    fnstcw %gs:(15 * 8 + 4)
    .org POSIX_GATE_CLOBBER - POSIX_GATE_PAGE, 0x90
    pushq $2 /* AC and NT off: NT would make the iretq fault */
    popfq
    movl $POSIX_REPORT_GATE, %edi
    movl $POSIX_NR_REPORT, %eax
    syscall
    .org POSIX_GATE_REPLY - POSIX_GATE_PAGE, 0xcc
    jmp reply
    .org POSIX_GATE_END - POSIX_GATE_PAGE, 0xcc
    .org POSIX_GATE_RET - POSIX_GATE_PAGE, 0xcc
    ret
    .org 0x1000, 0xcc

    .section .stub, "ax"

/*
 * A signal: rsi = siginfo, rdx = ucontext. The host kernel has cleared DF, TF and RF; AC and NT are still the
 * user's (signal handlers inherit them), so they go first; the push is aligned.
 */
    .org POSIX_STUB_SIGNAL - POSIX_STUB_PAGE
    pushq $2
    popfq
    movl $POSIX_REPORT_SIGNAL, %edi
    jmp send

/* Report and do as told. A report that a signal has withdrawn is made again. */
    .org POSIX_STUB_REPLY - POSIX_STUB_PAGE - 7, 0xcc
send:
    movl $POSIX_NR_REPORT, %eax
    syscall
    .org POSIX_STUB_REPLY - POSIX_STUB_PAGE, 0xcc
reply:
    testq %rax, %rax
    jz resume
    cmpq $POSIX_REPLY_ORDERS, %rax
    je orders
    cmpq $-EINTR, %rax
    je send
    jmp die

/* The first report of a space: user code must not run before the helper of stub-finish.S has gone. */
    .org POSIX_STUB_READY_REPLY - POSIX_STUB_PAGE - 7, 0xcc
ready:
    movl $POSIX_NR_REPORT, %eax
    syscall
    .org POSIX_STUB_READY_REPLY - POSIX_STUB_PAGE, 0xcc
    cmpq $-EINTR, %rax
    je ready
    movabsq $POSIX_START_HELPER, %rbx
1:
    cmpl $0, (%rbx) /* zeroed by the host kernel when the helper has exited: CLONE_CHILD_CLEARTID */
    je reply
    pause
    jmp 1b

/* Do the orders: rbx = order, r12 = how many are left; each again when a signal has withdrawn it. */
    .org POSIX_STUB_ORDERS - POSIX_STUB_PAGE, 0xcc
orders:
    movabsq $AREA(ORDERS), %rbx
    movq POSIX_AREA_ORDER_COUNT - POSIX_AREA_ORDERS(%rbx), %r12
    cmpq $POSIX_ORDERS_MAX, %r12
    ja die
1:
    testq %r12, %r12
    jz ordered
2:
    movq (%rbx), %rax
    movq 8(%rbx), %rdi
    movq 16(%rbx), %rsi
    movq 24(%rbx), %rdx
    movq 32(%rbx), %r10
    movq 40(%rbx), %r8
    movq 48(%rbx), %r9
    .org POSIX_STUB_ORDERED - POSIX_STUB_PAGE - 2, 0x90
    syscall
    .org POSIX_STUB_ORDERED - POSIX_STUB_PAGE, 0xcc
    cmpq $-EINTR, %rax
    je 2b
    addq $56, %rbx
    decq %r12
    jmp 1b
ordered:
    movl $POSIX_REPORT_ORDERS, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    jmp send

/*
 * Load the registers and go on. rsp stays where it is until the FPU state is loaded: that may lie in a signal
 * frame, which the next signal's frame would otherwise overwrite.
 */
    .org POSIX_STUB_RESUME - POSIX_STUB_PAGE, 0xcc
resume:
    movabsq $POSIX_AREA, %rbx
    movq POSIX_AREA_FPU_FROM(%rbx), %rcx
    testq %rcx, %rcx
    jz 1f
    movl POSIX_AREA_FPU_MASK(%rbx), %eax
    movl POSIX_AREA_FPU_MASK + 4(%rbx), %edx
    xrstor64 (%rcx)
    .org POSIX_STUB_RESUME_LOADED - POSIX_STUB_PAGE, 0x90
1:
    movq POSIX_AREA_FS_BASE(%rbx), %rax
    testq %rax, %rax
    js 2f
    wrfsbase %rax
    leaq POSIX_AREA_GATE(%rbx), %rax
    wrgsbase %rax /* user code may have changed it, and the next program here needs its gate */
2:
    movq %rbx, %rsp /* area.resume is the first field: a frame in pushing order */
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    leaq 16(%rsp), %rsp /* vector, error */
    iretq
    .org POSIX_STUB_RESUME_END - POSIX_STUB_PAGE, 0xcc

/*
 * Die, which needs no system call: rsp is on the signal stack (also with the 128 bytes of red zone taken off)
 * with too little room for a frame below it, and the host kernel turns the signal into a deadly SIGSEGV.
 */
    .org POSIX_STUB_DIE - POSIX_STUB_PAGE, 0xcc
die:
    movabsq $AREA(STACK) + 256, %rsp
    ud2
    jmp die

    .org POSIX_STUB_FINISH - POSIX_STUB_PAGE, 0xcc
#include "stub-finish.S"

/* filter-space.c goes here. */
    .org POSIX_STUB_FILTER - POSIX_STUB_PAGE, 0xcc
