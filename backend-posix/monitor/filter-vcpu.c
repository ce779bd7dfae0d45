/* SPDX-License-Identifier: MIT */
/*
 * The seccomp program of the vcpu process, put in place before the first instruction of the guest.
 *
 * The guest kernel shares the process with the monitor, so whatever the monitor may do a hostile kernel may do.
 * It reaches: memory of its own, its descriptors (RAM that cannot change its size, the listeners and pidfds of
 * its own spaces, the sockets and the pipe to pvrun and the zygote, which trust nothing), its clock and timer.
 * Nothing of the host's: no file, no other process, no new descriptor but the ones that the zygote sends. What is
 * not listed gives SIGSYS, which signals.c makes a crash of the guest. doc/security.md goes through the list.
 */
#include <asm/ioctls.h>
#include <asm/unistd_64.h>
#include <linux/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "filter.h"
#include "launch.h"
#include "monitor.h"
#include "raw.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#endif
#define ARCH_SET_GS 0x1001
#define ITIMER_REAL 0
#define X32_BIT 0x40000000
#define WINDOWS_END_HIGH (PV_POSIX_WINDOWS_END >> 32)
#define PR_SET_NO_NEW_PRIVS 38
#define PR_SET_DUMPABLE 4
#define PRIVATE_MEMORY (1UL << 30)

enum { /* targets of jumps */
    MMAP = 22, MMAP_RAM = 24, MMAP_OWN = 28, MUNMAP = 33, IOCTL = 35, SEND = 39, RECV = 42, RECVMSG = 44, WRITE = 46,
    KICK = 48, TIMER = 52, GS = 54, TRAP = 56, ALLOW = 57, OUTQ = 58
};

static const struct sock_filter program[] = {
    LOAD(0, ARCH),
    IF_EQUAL(1, AUDIT_ARCH_X86_64, 2, TRAP),
    LOAD(2, NR),
    IF_AT_LEAST(3, X32_BIT, TRAP, 4),
    IF_EQUAL(4, __NR_ioctl, IOCTL, 5),
    IF_EQUAL(5, __NR_rt_sigreturn, ALLOW, 6),
    IF_EQUAL(6, __NR_mmap, MMAP, 7),
    IF_EQUAL(7, __NR_munmap, MUNMAP, 8),
    IF_EQUAL(8, __NR_setitimer, TIMER, 9),
    IF_EQUAL(9, __NR_clock_gettime, ALLOW, 10),
    IF_EQUAL(10, __NR_ppoll, ALLOW, 11),
    IF_EQUAL(11, __NR_pidfd_send_signal, KICK, 12),
    IF_EQUAL(12, __NR_sendto, SEND, 13),
    IF_EQUAL(13, __NR_recvfrom, RECV, 14),
    IF_EQUAL(14, __NR_recvmsg, RECVMSG, 15),
    IF_EQUAL(15, __NR_write, WRITE, 16),
    IF_EQUAL(16, __NR_close, ALLOW, 17),
    IF_EQUAL(17, __NR_pause, ALLOW, 18),
    IF_EQUAL(18, __NR_nanosleep, ALLOW, 19),
    IF_EQUAL(19, __NR_restart_syscall, ALLOW, 20), /* ppoll, nanosleep after SIGSTOP and SIGCONT */
    IF_EQUAL(20, __NR_arch_prctl, GS, 21),
    IF_EQUAL(21, __NR_exit_group, ALLOW, TRAP),

    /* RAM into the guest's windows; private memory for the monitor's tables, never executable. */
    LOAD(MMAP, ARG_LOW(4)),
    IF_EQUAL(23, POSIX_FD_RAM, MMAP_RAM, MMAP_OWN),
    LOAD(MMAP_RAM, ARG_LOW(3)),
    IF_EQUAL(25, MAP_SHARED | MAP_FIXED, 26, TRAP),
    LOAD(26, ARG_HIGH(0)),
    IF_AT_LEAST(27, WINDOWS_END_HIGH, TRAP, ALLOW),
    IF_EQUAL(MMAP_OWN, (uint32_t)-1, 29, TRAP),
    LOAD(29, ARG_LOW(3)),
    IF_EQUAL(30, MAP_PRIVATE | MAP_ANONYMOUS, 31, TRAP),
    LOAD(31, ARG_LOW(2)),
    IF_EQUAL(32, PROT_READ | PROT_WRITE, ALLOW, TRAP),
    LOAD(MUNMAP, ARG_HIGH(0)), /* its own memory only, whatever it is */
    IF_AT_LEAST(34, 0x8000, TRAP, ALLOW),

    LOAD(IOCTL, ARG_LOW(1)),
    IF_EQUAL(36, (uint32_t)SECCOMP_IOCTL_NOTIF_RECV, ALLOW, 37),
    IF_EQUAL(37, (uint32_t)SECCOMP_IOCTL_NOTIF_SEND, ALLOW, 38),
    IF_EQUAL(38, (uint32_t)SECCOMP_IOCTL_NOTIF_SET_FLAGS, ALLOW, OUTQ),
    LOAD(SEND, ARG_LOW(0)),
    IF_EQUAL(40, POSIX_FD_CONSOLE, ALLOW, 41),
    IF_EQUAL(41, POSIX_FD_ZYGOTE, ALLOW, TRAP),
    LOAD(RECV, ARG_LOW(0)),
    IF_EQUAL(43, POSIX_FD_CONSOLE, ALLOW, TRAP),
    LOAD(RECVMSG, ARG_LOW(0)),
    IF_EQUAL(45, POSIX_FD_ZYGOTE, ALLOW, TRAP),
    LOAD(WRITE, ARG_LOW(0)),
    IF_EQUAL(47, POSIX_FD_CONTROL, ALLOW, TRAP),
    /* The only pidfds here are those of the spaces. */
    LOAD(KICK, ARG_LOW(1)),
    IF_EQUAL(49, SIGUSR1, 51, 50),
    IF_EQUAL(50, SIGKILL, 51, TRAP),
    RETURN(51, SECCOMP_RET_ALLOW),
    LOAD(TIMER, ARG_LOW(0)),
    IF_EQUAL(53, ITIMER_REAL, ALLOW, TRAP),
    LOAD(GS, ARG_LOW(0)),
    IF_EQUAL(55, ARCH_SET_GS, ALLOW, TRAP),

    RETURN(TRAP, SECCOMP_RET_TRAP),
    RETURN(ALLOW, SECCOMP_RET_ALLOW),
    /* What the console socket still holds. */
    IF_EQUAL(OUTQ, TIOCOUTQ, 60, 59),
    RETURN(59, SECCOMP_RET_TRAP),
    RETURN(60, SECCOMP_RET_ALLOW),
};

/* What a hostile kernel may take of the host's memory besides its RAM, and more than the monitor's tables ever need. */
static void limit_memory(void)
{
    struct rlimit limit;

    if (raw(__NR_prlimit64, 0, RLIMIT_DATA, 0, &limit) != 0 || limit.rlim_cur <= PRIVATE_MEMORY)
        return;
    limit.rlim_cur = limit.rlim_max = PRIVATE_MEMORY;
    raw(__NR_prlimit64, 0, RLIMIT_DATA, &limit, 0);
}

void filter_vcpu(void)
{
    struct sock_fprog set = {sizeof program / sizeof program[0], (struct sock_filter *)(uintptr_t)program};

    limit_memory();
    raw(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    MONITOR_CHECK(raw(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (raw(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &set) != 0)
        monitor_die("the host does not let the guest be confined by seccomp");
}
