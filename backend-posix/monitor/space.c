/* SPDX-License-Identifier: MIT */
/*
 * The start of a space, first part: run by the child that zygote.c has cloned, on its copy of the zygote's
 * stack. Sets up what the space's filter will no longer allow (area, signals, GS base, descriptors) and ends
 * in stub-finish.S, which unmaps this code. Relies on prctl(2) PR_SET_PDEATHSIG, sigaltstack(2),
 * sigaction(2), pidfd_open(2), and on madvise(2) MADV_REMOVE for pages that are fresh and zero.
 */
#include <asm/prctl.h>
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/signal.h>

#include "space.h"
#include "stub-layout.h"
#include "syscall.h"

#define SCM_RIGHTS 1
#define STACK_SIZE (POSIX_AREA_SIZE - POSIX_AREA_STACK)

_Static_assert(sizeof(sigset_t) == 8, "rt_sigaction's");

/* The area of this slot, without what an earlier space left there. */
static long map_area(uint32_t slot)
{
    long at = sys6(__NR_mmap, POSIX_AREA, POSIX_AREA_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED_NOREPLACE, POSIX_FD_SHARED, (long)slot * POSIX_AREA_SIZE);

    if (sys_failed(at)) {
        return at;
    }
    return sys3(__NR_madvise, POSIX_AREA, POSIX_AREA_SIZE, MADV_REMOVE);
}

/*
 * All handlers are the stub's entry, on a plain alternate stack: SS_AUTODISARM would need an rt_sigreturn to
 * arm it again. No signal blocks another, since none ever returns by rt_sigreturn, which would unblock it.
 */
static long set_signals(void)
{
    static const int signals[] = {SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGUSR1};
    const stack_t stack = {.ss_sp = (void *)(POSIX_AREA + POSIX_AREA_STACK), .ss_size = STACK_SIZE};
    const struct sigaction action = {
        .sa_handler = (__sighandler_t)POSIX_STUB_SIGNAL,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER,
        .sa_restorer = (__sigrestore_t)POSIX_STUB_DIE,
    };
    long error = sys2(__NR_sigaltstack, (long)&stack, 0);

    for (unsigned i = 0; error == 0 && i < sizeof signals / sizeof signals[0]; i++) {
        error = sys4(__NR_rt_sigaction, signals[i], (long)&action, 0, sizeof(sigset_t));
    }
    return error;
}

/* Leaves RAM, the socket and, as its result, the pidfd. */
static long set_descriptors(void)
{
    sys3(__NR_close_range, 0, POSIX_SPACE_FD_RAM - 1, 0);
    sys3(__NR_close_range, POSIX_SPACE_FD_RAM + 1, POSIX_SPACE_FD_SOCKET - 1, 0);
    sys3(__NR_close_range, POSIX_SPACE_FD_SOCKET + 1, ~0U, 0);
    return sys2(__NR_pidfd_open, sys0(__NR_getpid), 0);
}

/* The answer that stub-finish.S sends, but for the listener's number. The area's pages are zero. */
static void prepare_answer(uint32_t slot, int pidfd)
{
    struct posix_start *start = (struct posix_start *)POSIX_START;

    start->answer.slot = slot;
    start->answer_part.base = &start->answer;
    start->answer_part.size = sizeof start->answer;
    start->control.size = sizeof start->control;
    start->control.level = SOL_SOCKET;
    start->control.type = SCM_RIGHTS;
    start->control.pidfd = pidfd;
    start->msg.parts = &start->answer_part;
    start->msg.part_count = 1;
    start->msg.control = &start->control;
    start->msg.control_size = sizeof start->control;
}

static void need(long result, uint32_t slot)
{
    if (sys_failed(result)) {
        zygote_refuse(slot, result);
        sys_exit(1);
    }
}

void space_start(uint32_t slot, int zygote)
{
    const sigset_t all = ~(sigset_t)0;
    long pidfd;

    need(sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof all), slot);
    need(sys2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL), slot);
    if (sys0(__NR_getppid) != zygote) {
        sys_exit(1); /* died before the line above */
    }
    need(sys2(__NR_setpgid, 0, 0), slot);
    need(map_area(slot), slot);
    need(set_signals(), slot);
    need(sys2(__NR_arch_prctl, ARCH_SET_GS, POSIX_AREA + POSIX_AREA_GATE), slot);
    pidfd = set_descriptors();
    need(pidfd, slot);
    prepare_answer(slot, (int)pidfd);
    posix_space_finish();
}
