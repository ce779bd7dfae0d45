/* SPDX-License-Identifier: MIT */
/*
 * The zygote: makes spaces. pvrun executes it (launch.h) before there is any guest code; the monitor asks it
 * over a socket, a slot at a time, and it clones a child that becomes the space (space.c, stub-finish.S).
 *
 * It is small and freestanding because every space is a copy of it: no libc whose thread setup (rseq) would
 * outlive the unmapping. It takes nothing from the monitor but a slot number; a slot holds at most one space,
 * an older one is killed first, so there are never more than POSIX_SPACES_MAX. It ends when the monitor's end
 * of the socket is closed or its parent dies, and its spaces with it (PR_SET_PDEATHSIG).
 */
#include <linux/errno.h>
#include <linux/personality.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/wait.h>

#include "launch.h"
#include "pin.h"
#include "space.h"
#include "syscall.h"

#define MSG_NOSIGNAL 0x4000
#define SEEK_END 2
#define START_FAILED 2 /* exit status */

void zygote_main(const uint64_t *stack) __attribute__((noreturn));

static int spaces[POSIX_SPACES_MAX]; /* process of each slot, 0 if none */
static uint32_t slots;               /* what the shared memfd has room for */
static int children;                 /* signalfd: SIGCHLD arrives here */

void zygote_refuse(uint32_t slot, long error)
{
    const struct posix_space_answer answer = {.slot = slot, .error = (int32_t)error};

    sys6(__NR_sendto, POSIX_FD_ZYGOTE, (long)&answer, sizeof answer, MSG_NOSIGNAL, 0, 0);
}

static void need(long result)
{
    if (sys_failed(result)) {
        sys_exit(START_FAILED);
    }
}

/* argv[1], decimal; 0 if absent. */
static long parent_argument(const uint64_t *stack)
{
    long parent = 0;

    if (stack[0] < 2) {
        return 0;
    }
    for (const char *c = (const char *)stack[2]; *c >= '0' && *c <= '9' && parent <= INT32_MAX; c++) {
        parent = parent * 10 + *c - '0';
    }
    return parent;
}

/* Die with the parent, also when it has died since it forked. */
static void follow_parent(long parent)
{
    long before = parent != 0 ? parent : sys0(__NR_getppid);

    need(sys2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL));
    if (sys0(__NR_getppid) != before) {
        sys_exit(START_FAILED);
    }
}

/* A terminal's signals are for pvrun; SIGCHLD becomes readable at `children`. */
static void set_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    const sigset_t child = 1UL << (SIGCHLD - 1);

    for (unsigned i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        need(sys4(__NR_rt_sigaction, ignored[i], (long)&ignore, 0, sizeof(sigset_t)));
    }
    need(sys4(__NR_rt_sigaction, SIGCHLD, (long)&standard, 0, sizeof(sigset_t)));
    need(sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&child, 0, sizeof child));
    children = (int)sys4(__NR_signalfd4, -1, (long)&child, sizeof child, SFD_CLOEXEC | SFD_NONBLOCK);
    need(children);
}

/*
 * Descriptors, process group, privileges: once, before the filter. Not dumpable: no core file of user
 * pages.
 */
static void set_up(const uint64_t *stack)
{
    long size;

    follow_parent(parent_argument(stack));
    pin_where_needed();
    sys2(__NR_setpgid, 0, 0);
    need(sys1(__NR_personality, PER_LINUX)); /* READ_IMPLIES_EXEC would make the areas executable */
    need(sys5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    need(sys5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0));
    sys3(__NR_close_range, 0, POSIX_FD_RAM - 1, 0);
    sys3(__NR_close_range, POSIX_FD_RAM + 1, POSIX_FD_SHARED - 1, 0);
    sys3(__NR_close_range, POSIX_FD_ZYGOTE + 1, ~0U, 0);
    size = sys3(__NR_lseek, POSIX_FD_SHARED, 0, SEEK_END);
    need(size);
    slots = size / POSIX_AREA_SIZE < POSIX_SPACES_MAX ? (uint32_t)(size / POSIX_AREA_SIZE) : POSIX_SPACES_MAX;
    set_signals();
    need(sys3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&posix_zygote_filter));
}

/* Children that have ended; each is a process of ours until it is waited for, so numbers cannot be reused. */
static void reap(void)
{
    struct signalfd_siginfo drained;
    long pid;

    sys3(__NR_read, children, (long)&drained, sizeof drained);
    while ((pid = sys4(__NR_wait4, -1, 0, WNOHANG, 0)) > 0) {
        for (uint32_t slot = 0; slot < slots; slot++) {
            if (spaces[slot] == pid) {
                spaces[slot] = 0;
            }
        }
    }
}

static void end_space(uint32_t slot)
{
    if (spaces[slot] != 0) {
        sys2(__NR_kill, spaces[slot], SIGKILL);
        while (sys4(__NR_wait4, spaces[slot], 0, 0, 0) == -EINTR) {
        }
        spaces[slot] = 0;
    }
}

static void make_space(uint32_t slot)
{
    long zygote = sys0(__NR_getpid);
    long pid;

    end_space(slot);
    pid = sys5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        space_start(slot, (int)zygote);
    }
    if (sys_failed(pid)) {
        zygote_refuse(slot, pid);
        return;
    }
    spaces[slot] = (int)pid;
}

static void serve(void)
{
    struct posix_space_request request = {.slot = 0};
    long got = sys6(__NR_recvfrom, POSIX_FD_ZYGOTE, (long)&request, sizeof request, 0, 0, 0);

    if (got == -EINTR || got == -EAGAIN) {
        return;
    }
    if (got <= 0) {
        sys_exit(0); /* the monitor is gone */
    }
    if (got != sizeof request || request.slot >= slots || request.zero != 0) {
        zygote_refuse(request.slot, -EINVAL);
        return;
    }
    make_space(request.slot);
}

void zygote_main(const uint64_t *stack)
{
    struct pollfd ends[2] = {{.fd = POSIX_FD_ZYGOTE, .events = POLLIN}, {.events = POLLIN}};

    set_up(stack);
    ends[1].fd = children;
    for (;;) {
        long ready = sys5(__NR_ppoll, (long)ends, 2, 0, 0, 0);

        /* An error means a limit of descriptors below 2; then a request is waited for alone. */
        if (ready < 0 || ends[1].revents != 0) {
            reap();
        }
        if (ready < 0 || ends[0].revents != 0) {
            serve();
        }
    }
}
