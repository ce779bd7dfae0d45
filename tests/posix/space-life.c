/* SPDX-License-Identifier: MIT */
/*
 * Life and death of zygote and spaces: who dies with whom, what is refused and how, that nothing is left
 * over. space_make() answers -errno; deaths are seen by pidfds (pidfd_open(2)).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "space-monitor.h"

#define MANY 300

CODE(life_spin, "1: jmp 1b");

static bool ended(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};

    return poll(&end, 1, 5000) == 1;
}

static bool no_such_process(pid_t pid)
{
    for (int i = 0; i < 500; i++) {
        if (kill(pid, 0) != 0 && errno == ESRCH) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

static void test_killed(void)
{
    struct space s;

    try_code(&s, 3, life_spin, life_spin_end);
    kill(s.pid, SIGKILL);
    ok(space_wait(&s) == EVENT_DEAD, "a space killed while it is held is noticed");
    ok(no_such_process(s.pid), "it is waited for: no zombie");
    space_end(&s);
    try_code(&s, 3, life_spin, life_spin_end);
    space_run(&s);
    kill(s.pid, SIGKILL);
    ok(space_wait(&s) == EVENT_DEAD, "a space killed while it runs is noticed");
    space_end(&s);
    if (space_make(&s, 3) != 0) {
        fatal("space_make");
    }
    close(s.listener);
    ok(space_gone(&s, 5000), "a space whose listener is closed dies by itself");
    close(s.pidfd);
}

static void test_slots(void)
{
    struct space first, second;
    struct posix_space_answer answer;
    static struct space many[MANY];
    bool good = true;

    if (space_make(&first, 4) != 0 || space_make(&second, 4) != 0) {
        fatal("space_make");
    }
    ok(space_gone(&first, 0) && !space_gone(&second, 0), "a new space in a slot ends the older one");
    space_end(&first);
    space_end(&second);
    ok(space_make(&first, POSIX_SPACES_MAX) == -EINVAL && space_make(&first, ~0U) == -EINVAL,
       "slots beyond the end");
    send(zygote_socket, "short", 5, 0);
    ok(recv(zygote_socket, &answer, sizeof answer, 0) == sizeof answer && answer.error == -EINVAL,
       "a short request");
    for (uint32_t i = 0; i < MANY; i++) {
        good = good && space_make(&many[i], i) == 0;
    }
    ok(good, "%d spaces at once", MANY);
    for (uint32_t i = 0; i < MANY && many[i].pid != 0; i++) {
        space_end(&many[i]);
    }
}

/* What a failure late in the start answers: the limits are the zygote's, which the children inherit. */
static void test_limits(void)
{
    struct rlimit before, none = {0, 0}, one = {1, 1};
    struct space s;
    int first, second;

    if (prlimit(zygote, RLIMIT_NOFILE, NULL, &before) != 0) {
        fatal("prlimit");
    }
    none.rlim_max = one.rlim_max = before.rlim_max;
    prlimit(zygote, RLIMIT_NOFILE, &none, NULL);
    first = space_make(&s, 5);
    prlimit(zygote, RLIMIT_NOFILE, &one, NULL);
    second = space_make(&s, 5);
    prlimit(zygote, RLIMIT_NOFILE, &before, NULL);
    ok(first == -EMFILE && second == -EMFILE,
       "no descriptor for the pidfd, none for the listener: -EMFILE (%d %d)", first, second);
    ok(space_make(&s, 5) == 0, "afterwards spaces can be made");
    space_end(&s);
    if (geteuid() == 0) {
        skip("no process", "RLIMIT_NPROC does not bind root");
        return;
    }
    prlimit(zygote, RLIMIT_NPROC, NULL, &before);
    none.rlim_cur = 1;
    none.rlim_max = before.rlim_max;
    prlimit(zygote, RLIMIT_NPROC, &none, NULL);
    first = space_make(&s, 5);
    prlimit(zygote, RLIMIT_NPROC, &before, NULL);
    ok(first == -EAGAIN, "no process: -EAGAIN (%d)", first);
}

/* A listener further out refuses ours: in a child, since it cannot be taken off again. */
static void test_busy(const char *zygote_path)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct sock_fprog program = {1, &allow};
        struct space s;

        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0) {
            _exit(2);
        }
        monitor_start(zygote_path);
        _exit(space_make(&s, 0) == -EBUSY ? 0 : 1);
    }
    waitpid(child, &status, 0);
    ok(status == 0, "a listener above: -EBUSY (status %x)", (unsigned)status);
}

/*
 * In a process of its own: a monitor with three spaces, one of them running; tells their numbers and waits.
 */
void life_victim(const char *zygote_path)
{
    struct space s[3];

    monitor_start(zygote_path);
    for (uint32_t i = 0; i < 3; i++) {
        try_code(&s[i], i, life_spin, life_spin_end);
    }
    space_run(&s[0]);
    printf("%d %d %d %d\n", zygote, s[0].pid, s[1].pid, s[2].pid);
    fflush(stdout);
    for (;;) {
        pause();
    }
}

/* Kill one of victim, zygote: all others must go. `which` as below. */
static void test_common_end(const char *name, const char *self, const char *zygote_path, bool kill_zygote)
{
    int out[2], pids[4] = {0}, fds[4];
    bool good = true;
    FILE *told;
    pid_t child;

    if (pipe(out) != 0) {
        fatal("pipe");
    }
    fflush(stdout);
    child = fork();
    if (child == 0) {
        dup2(out[1], 1);
        close(out[0]);
        execl(self, self, zygote_path, "victim", NULL);
        _exit(127);
    }
    close(out[1]);
    told = fdopen(out[0], "r");
    if (fscanf(told, "%d %d %d %d", &pids[0], &pids[1], &pids[2], &pids[3]) != 4) {
        fatal("victim");
    }
    for (int i = 0; i < 4; i++) {
        fds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
        good = good && fds[i] >= 0;
    }
    kill(kill_zygote ? pids[0] : child, SIGKILL);
    for (int i = 0; i < 4; i++) {
        good = good && ended(fds[i]);
        close(fds[i]);
    }
    ok(good, "%s: zygote and spaces are gone", name);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fclose(told);
}

void test_life(const char *self, const char *zygote_path)
{
    test_killed();
    test_slots();
    test_limits();
    test_busy(zygote_path);
    test_common_end("the parent is killed", self, zygote_path, false);
    test_common_end("the zygote is killed", self, zygote_path, true);
}
