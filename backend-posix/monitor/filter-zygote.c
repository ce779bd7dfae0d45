/* SPDX-License-Identifier: MIT */
/*
 * The seccomp program of the zygote, which its spaces inherit below their own.
 *
 * Of all programs of a task the strictest answer counts: KILL, then TRAP, ERRNO, USER_NOTIF, ALLOW
 * (seccomp(2)). So what a space's program notifies has to be allowed here, and what is refused here has to
 * be TRAP: that ends the zygote (it has no handler for SIGSYS) and leaves SIGSYS of user code what it is;
 * KILL would outrank it. This program bounds what a mistake in zygote.c, space.c or stub-finish.S could
 * reach: no file, no other process, no new kind of socket, nothing executable but the pages of RAM that
 * orders map.
 */
#include <asm/unistd_64.h>

#include "filter.h"
#include "space.h"
#include "syscall.h"

#define PR_SET_PDEATHSIG 1
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define ARCH_SET_GS 0x1001
#define MADV_REMOVE 9
#define READ_WRITE 3
#define SIGCHLD 17

enum { /* targets of jumps */
    MMAP = 28, CLONE = 35, PRCTL = 38, GS = 41, SECCOMP = 43, MADVISE = 45, TRAP = 47, ALLOW = 48
};

static const struct sock_filter program[] = {
    LOAD(0, ARCH),
    IF_EQUAL(1, AUDIT_ARCH_X86_64, 2, TRAP),
    LOAD(2, NR),
    IF_EQUAL(3, POSIX_NR_REPORT, ALLOW, 4), /* also: has the parent died? */
    IF_EQUAL(4, __NR_mmap, MMAP, 5),
    IF_EQUAL(5, __NR_munmap, ALLOW, 6),
    /* the zygote's loop */
    IF_EQUAL(6, __NR_ppoll, ALLOW, 7), /* unlike poll, goes on after SIGSTOP by itself */
    IF_EQUAL(7, __NR_read, ALLOW, 8),
    IF_EQUAL(8, __NR_recvfrom, ALLOW, 9),
    IF_EQUAL(9, __NR_sendto, ALLOW, 10),
    IF_EQUAL(10, __NR_wait4, ALLOW, 11),
    IF_EQUAL(11, __NR_kill, ALLOW, 12),
    IF_EQUAL(12, __NR_clone, CLONE, 13),
    IF_EQUAL(13, __NR_exit_group, ALLOW, 14),
    /* space.c */
    IF_EQUAL(14, __NR_prctl, PRCTL, 15),
    IF_EQUAL(15, __NR_setpgid, ALLOW, 16),
    IF_EQUAL(16, __NR_getpid, ALLOW, 17),
    IF_EQUAL(17, __NR_close_range, ALLOW, 18),
    IF_EQUAL(18, __NR_pidfd_open, ALLOW, 19),
    IF_EQUAL(19, __NR_rt_sigaction, ALLOW, 20),
    IF_EQUAL(20, __NR_rt_sigprocmask, ALLOW, 21),
    IF_EQUAL(21, __NR_sigaltstack, ALLOW, 22),
    IF_EQUAL(22, __NR_arch_prctl, GS, 23),
    IF_EQUAL(23, __NR_madvise, MADVISE, 24),
    /* stub-finish.S */
    IF_EQUAL(24, __NR_seccomp, SECCOMP, 25),
    IF_EQUAL(25, __NR_sched_yield, ALLOW, 26),
    IF_EQUAL(26, __NR_sendmsg, ALLOW, 27),
    IF_EQUAL(27, __NR_exit, ALLOW, TRAP),

    /*
     * RAM anywhere: orders, looked at by the space's program. Shared areas: never executable. Nothing else.
     */
    LOAD(MMAP, ARG_LOW(4)),
    IF_EQUAL(29, POSIX_SPACE_FD_RAM, 30, 32),
    LOAD(30, ARG_LOW(3)),
    IF_ANY_BIT(31, 0x20, TRAP, ALLOW), /* MAP_ANONYMOUS */
    IF_EQUAL(32, POSIX_FD_SHARED, 33, TRAP),
    LOAD(33, ARG_LOW(2)),
    IF_EQUAL(34, READ_WRITE, ALLOW, TRAP),

    LOAD(CLONE, ARG_LOW(0)),
    IF_EQUAL(36, SIGCHLD, ALLOW, 37),
    IF_EQUAL(37, POSIX_HELPER_FLAGS, ALLOW, TRAP),
    LOAD(PRCTL, ARG_LOW(0)),
    IF_EQUAL(39, PR_SET_PDEATHSIG, ALLOW, 40),
    IF_EQUAL(40, PR_SET_SYSCALL_USER_DISPATCH, ALLOW, TRAP),
    LOAD(GS, ARG_LOW(0)),
    IF_EQUAL(42, ARCH_SET_GS, ALLOW, TRAP),
    LOAD(SECCOMP, ARG_LOW(0)),
    IF_EQUAL(44, SECCOMP_SET_MODE_FILTER, ALLOW, TRAP),
    LOAD(MADVISE, ARG_LOW(2)),
    IF_EQUAL(46, MADV_REMOVE, ALLOW, TRAP),

    RETURN(TRAP, SECCOMP_RET_TRAP),
    RETURN(ALLOW, SECCOMP_RET_ALLOW),
};

const struct sock_fprog posix_zygote_filter = {
    .len = sizeof program / sizeof program[0],
    .filter = (struct sock_filter *)(uintptr_t)program,
};
