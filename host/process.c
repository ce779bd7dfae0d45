/* SPDX-License-Identifier: MIT */
/* A child process (process.h). Two things end it with us: the kernel sends it SIGKILL when its parent dies
 * (PR_SET_PDEATHSIG, prctl(2)), and process_kill ends its group on all other ways. An exec that fails is
 * told through a close-on-exec pipe. Used by tools/pvrun/native.c. */
#define _GNU_SOURCE /* pipe2 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

/* Never returns; on failure the errno goes into `report`. */
static void run_child(char *const argv[], pid_t parent, int output, const int *inherited, size_t count,
                      int report)
{
    int null, error;

    signals_reset();
    setpgid(0, 0);
    /* The parent may have died before prctl: then nobody would ever kill us. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(output, STDERR_FILENO) >= 0) {
        for (size_t i = 0; i < count; i++)
            fcntl(inherited[i], F_SETFD, 0);
        execvp(argv[0], argv);
    }
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

int process_start(struct process *process, char *const argv[], int output, const int *inherited, size_t count)
{
    int report[2], error = 0;
    pid_t parent = getpid(), pid;
    ssize_t got;

    process->pid = 0;
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    pid = fork();
    if (pid == 0)
        run_child(argv, parent, output, inherited, count, report[1]);
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
