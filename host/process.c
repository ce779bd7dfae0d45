/* SPDX-License-Identifier: MIT */
/* A child process (process.h). Two things end it with us: the kernel sends it SIGKILL when its parent dies
 * (PR_SET_PDEATHSIG, prctl(2)), and process_kill ends its group on all other ways. An exec that fails is
 * told through a close-on-exec pipe. Used by tools/pvrun/native.c and posix-launch.c. */
#define _GNU_SOURCE /* pipe2, execveat, close_range */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

#define EXACT_MAX 16 /* descriptors of process_start_exact */

/* What a child does until it executes. */
struct plan {
    char *const *argv;
    int program;    /* file to execute, -1: argv[0] is searched in PATH */
    int output;     /* of a program from PATH: its stdout and stderr */
    const int *fds; /* inherited as they are, or those of process_start_exact */
    size_t count;
};

static void execute_from_path(const struct plan *plan)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(plan->output, STDOUT_FILENO) < 0 ||
        dup2(plan->output, STDERR_FILENO) < 0)
        return;
    for (size_t i = 0; i < plan->count; i++)
        fcntl(plan->fds[i], F_SETFD, 0);
    execvp(plan->argv[0], plan->argv);
}

/* In two steps, because a number that is wanted may be that of a descriptor which is still needed: first all
 * of them to high numbers, then into place. */
static void execute_exact(const struct plan *plan, int *report)
{
    static char *const no_environment[] = {NULL};
    int high[EXACT_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC), program;
    int base = EXACT_MAX;

    if (null < 0 || (*report = fcntl(*report, F_DUPFD_CLOEXEC, base)) < 0)
        return;
    for (size_t i = 0; i < plan->count && i < EXACT_MAX; i++)
        if ((high[i] = fcntl(plan->fds[i] < 0 ? null : plan->fds[i], F_DUPFD_CLOEXEC, base)) < 0)
            return;
    if ((program = fcntl(plan->program, F_DUPFD_CLOEXEC, base)) < 0)
        return;
    for (size_t i = 0; i < plan->count; i++)
        if (dup2(high[i], (int)i) < 0)
            return;
    if (close_range((unsigned)plan->count, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
        return;
    execveat(program, "", plan->argv, no_environment, AT_EMPTY_PATH);
}

/* Never returns; on failure the errno goes into `report`. */
static void run_child(const struct plan *plan, pid_t parent, int report)
{
    int error;

    signals_reset();
    setpgid(0, 0);
    /* The parent may have died before prctl: then nobody would ever kill us. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    if (plan->program < 0)
        execute_from_path(plan);
    else
        execute_exact(plan, &report);
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

static int start(struct process *process, const struct plan *plan)
{
    int report[2], error = 0;
    pid_t parent = getpid(), pid;
    ssize_t got;

    process->pid = 0;
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    pid = fork();
    if (pid == 0)
        run_child(plan, parent, report[1]);
    error = pid < 0 ? errno : 0;
    close(report[1]);
    if (pid > 0) {
        process->pid = pid;
        setpgid(pid, pid); /* both sides, so that neither can come too late; EACCES after the exec is fine */
        do
            got = read(report[0], &error, sizeof error);
        while (got < 0 && errno == EINTR);
        if (got > 0)
            process_kill(process);
        else
            error = 0;
    }
    close(report[0]);
    return error;
}

int process_start(struct process *process, char *const argv[], int output, const int *inherited, size_t count)
{
    return start(process, &(struct plan){argv, -1, output, inherited, count});
}

int process_start_exact(struct process *process, int program, char *const argv[], const int *fds,
                        size_t count)
{
    if (count > EXACT_MAX)
        return EINVAL;
    return start(process, &(struct plan){argv, program, -1, fds, count});
}

bool process_ended(struct process *process)
{
    siginfo_t info = {.si_pid = 0};

    /* Look before reaping: as long as it is a zombie, its number is no other group's. */
    if (process->pid != 0 && waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == process->pid)
        process_kill(process); /* its group too: what a wrapper script may have left */
    return process->pid == 0;
}

void process_signal(const struct process *process, int number)
{
    if (process->pid != 0)
        kill(-process->pid, number);
}

void process_kill(struct process *process)
{
    if (process->pid == 0)
        return;
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}
