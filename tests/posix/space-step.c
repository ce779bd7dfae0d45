/* SPDX-License-Identifier: MIT */
/*
 * A kick at every instruction of the way from a reply through the stub, user code and gate (or signal
 * entry) to the next report: ptrace(2) steps the space n instructions, the kick is delivered there, and the
 * loop must go on as if nothing had happened. Needs CAP_SYS_PTRACE: a space is not dumpable.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "space-monitor.h"

#define MOST 120 /* instructions from reply to report */

CODE(step_gate, "1: inc %r12; mov %r12, %rdi; mov $0x7e0000000000, %rcx; call *%rcx;"
                "lea 1(%r12,%r12,2), %rcx; cmp %rcx, %rax; jne 2f; jmp 1b; 2: ud2");
CODE(step_syscall, "1: inc %r12; mov %r12, %rdi; syscall;"
                   "lea 1(%r12,%r12,2), %rcx; cmp %rcx, %rax; jne 2f; jmp 1b; 2: ud2");

/* Wait for a stop of the tracee; the signal it stopped with, 0 for a ptrace event, -1 if it is gone. */
static int stopped(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
        return -1;
    }
    return status >> 16 != 0 ? 0 : WSTOPSIG(status);
}

/*
 * Stop the space on its way out of the report, step it n times and let the kick hit there. False if it
 * reported again before. Signals on the way (SIGSYS) are passed on.
 */
static bool kick_after(struct space *s, int n, uint64_t *rip)
{
    struct user_regs_struct r;
    int sig = 0;

    if (ptrace(PTRACE_SEIZE, s->pid, NULL, NULL) != 0 || ptrace(PTRACE_INTERRUPT, s->pid, NULL, NULL) != 0) {
        fatal("ptrace");
    }
    space_run(s);
    if (stopped(s->pid) != 0) {
        fatal("no stop");
    }
    for (int i = 0; i < n; i++) {
        ptrace(PTRACE_GETREGS, s->pid, NULL, &r);
        if (r.rip == POSIX_STUB_REPLY - 2 || r.rip == POSIX_GATE_REPLY - 2) { /* the next step would block */
            ptrace(PTRACE_DETACH, s->pid, NULL, NULL);
            return false;
        }
        ptrace(PTRACE_SINGLESTEP, s->pid, NULL, (void *)(long)sig);
        sig = stopped(s->pid);
        sig = sig == SIGTRAP ? 0 : sig;
    }
    ptrace(PTRACE_GETREGS, s->pid, NULL, &r);
    *rip = r.rip;
    space_kick(s);
    ptrace(PTRACE_DETACH, s->pid, NULL, (void *)(long)sig);
    return true;
}

static void step_loop(const char *name, const void *code, const void *end, enum event wanted)
{
    struct space s;
    bool good = true;
    uint64_t count = 0, words[15], rip = 0;
    int n, kicks = 0;
    enum event e;

    try_code(&s, 0, code, end);
    memset(&s.user, 0x5a, 12 * 8);
    s.user.r12 = 0;
    e = space_go(&s);
    for (n = 0; n < MOST && good; n++) {
        good = e == wanted && s.user.r12 == ++count && s.user.rdi == count;
        s.user.rax = count * 3 + 1;
        s.user.rflags &= ~0x100UL; /* pushfq of a stepped gate sees TF */
        memcpy(words, &s.user, sizeof words);
        if (!good) {
            break;
        }
        if (!kick_after(&s, n, &rip)) {
            n = MOST;
        }
        e = space_wait(&s);
        for (int i = 0; i < 4 && e == EVENT_SIGNAL && s.sig == SIGUSR1;
             i++) { /* to the next event of user code */
            kicks++;
            if (s.in_stub) {
                s.stub.rflags &= ~0x100UL;
            }
            s.user.rflags &= ~0x100UL;
            e = s.in_stub ? space_again(&s) : space_go(&s);
        }
        good = memcmp(words, &s.user, 3 * 8) == 0 && s.user.rbp == 0x5a5a5a5a5a5a5a5a;
    }
    ok(good && kicks > 20, "a kick at every instruction, %s: %d, the last at %lx; event %d signal %d rip %lx",
       name, kicks, rip, e, s.sig, s.user.rip);
    printf("# hits: user %lu, gate %lu %lu %lu, resume %lu %lu, stub %lu\n", s.hits[0], s.hits[1], s.hits[2],
           s.hits[3], s.hits[4], s.hits[5], s.hits[6]);
    space_end(&s);
}

void test_steps(void)
{
    struct space s;
    bool may;

    if (space_make(&s, 0) != 0) {
        fatal("space_make");
    }
    may = ptrace(PTRACE_SEIZE, s.pid, NULL, NULL) == 0;
    space_end(&s);
    if (may) {
        waitpid(s.pid, NULL, __WALL);
        step_loop("gate", step_gate, step_gate_end, EVENT_GATE);
        step_loop("syscall", step_syscall, step_syscall_end, EVENT_SIGNAL);
    } else {
        skip("a kick at every instruction", "ptrace of a process that is not dumpable needs CAP_SYS_PTRACE");
    }
}
