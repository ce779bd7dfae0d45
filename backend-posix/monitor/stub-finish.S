/* SPDX-License-Identifier: MIT */
/*
 * The last part of a space's start: part of the stub page, included by stub.S, entered from space.c.
 *
 * From the first munmap(2) on there is no private memory left, so state is kept in registers: what lies in
 * the area can be written by the monitor, which is not trusted with a task that the space's filter does not
 * hold yet. All signals are blocked until the helper has been made. The listener is a result of installing
 * the filter, which forbids sending it; so a helper, a thread cloned before, waits for it, sends it, closes
 * all descriptors but RAM in the shared table, and exits.
 */
#include <asm/unistd_64.h>

#define SIG_SETMASK 2
#define MSG_NOSIGNAL 0x4000
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#define SECCOMP_SET_MODE_FILTER 1
#define LISTENER_FLAGS 0x28     /* SECCOMP_FILTER_FLAG_NEW_LISTENER | _WAIT_KILLABLE_RECV */
#define TASK_END 0x7ffffffff000 /* nothing is mapped higher unasked, but the vsyscall page */
#define AREA_END (POSIX_AREA + POSIX_AREA_SIZE)
#define STUB_END (POSIX_STUB_PAGE + 0x1000)

    .macro unmap from, to
    movabsq $(\from), %rdi
    movabsq $((\to) - (\from)), %rsi
    movl $__NR_munmap, %eax
    syscall
    testq %rax, %rax
    jnz failed
    .endm

    .macro send_answer
    movl $POSIX_SPACE_FD_SOCKET, %edi
    movabsq $POSIX_START_MSG, %rsi
    movl $MSG_NOSIGNAL, %edx
    movl $__NR_sendmsg, %eax
    syscall
    .endm

    .global posix_space_finish
posix_space_finish:
    unmap 0, POSIX_GATE_PAGE
    unmap STUB_END, POSIX_AREA
    unmap AREA_END, TASK_END

    movl $POSIX_HELPER_FLAGS, %edi
    movabsq $(POSIX_AREA + POSIX_AREA_SIZE), %rsi /* not used: the helper never pushes */
    movabsq $POSIX_START_HELPER, %rdx
    movq %rdx, %r10
    xorl %r8d, %r8d
    movl $__NR_clone, %eax
    syscall
    testq %rax, %rax
    jz helper
    js failed

    movl $SIG_SETMASK, %edi
    leaq no_signals(%rip), %rsi
    xorl %edx, %edx
    movl $8, %r10d
    movl $__NR_rt_sigprocmask, %eax
    syscall
    testq %rax, %rax
    jnz failed

    /* Every call made outside the two pages is SIGSYS before any filter is asked (see filter-space.c). */
    movl $PR_SET_SYSCALL_USER_DISPATCH, %edi
    movl $PR_SYS_DISPATCH_ON, %esi
    movabsq $POSIX_GATE_PAGE, %rdx
    movl $(STUB_END - POSIX_GATE_PAGE), %r10d
    xorl %r8d, %r8d
    movl $__NR_prctl, %eax
    syscall
    testq %rax, %rax
    jnz failed

    movl $SECCOMP_SET_MODE_FILTER, %edi
    movl $LISTENER_FLAGS, %esi
    leaq posix_space_filter(%rip), %rdx
    movl $__NR_seccomp, %eax
    syscall
    testq %rax, %rax
    js failed

    /* From here on the filter holds this thread. */
    incl %eax
    movabsq $POSIX_START_LISTENER, %rbx
    movl %eax, (%rbx)
    movl $POSIX_REPORT_READY, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    jmp ready

/* rax = -errno: answer with it, without descriptors, and exit (the helper too). */
failed:
    movabsq $POSIX_START_ANSWER_ERROR, %rbx
    movl %eax, (%rbx)
    movabsq $POSIX_START_CONTROLLEN, %rbx
    movq $0, (%rbx)
    send_answer
    xorl %edi, %edi
    movl $__NR_exit_group, %eax
    syscall
    ud2

helper:
    movabsq $POSIX_START_LISTENER, %rbx
1:
    movl (%rbx), %r12d
    testl %r12d, %r12d
    jnz 2f
    movl $__NR_sched_yield, %eax
    syscall
    jmp 1b
2:
    decl %r12d
    movabsq $POSIX_START_LISTENER_SENT, %rbx
    movl %r12d, (%rbx)
    send_answer
    testq %rax, %rax
    js failed
    xorl %edi, %edi
    movl $(POSIX_SPACE_FD_RAM - 1), %esi
    xorl %edx, %edx
    movl $__NR_close_range, %eax
    syscall
    testq %rax, %rax
    jnz failed
    movl $(POSIX_SPACE_FD_RAM + 1), %edi
    movl $-1, %esi
    xorl %edx, %edx
    movl $__NR_close_range, %eax
    syscall
    testq %rax, %rax
    jnz failed
    xorl %edi, %edi
    movl $__NR_exit, %eax
    syscall
    ud2

no_signals:
    .quad 0
