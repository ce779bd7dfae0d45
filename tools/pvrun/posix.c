/* SPDX-License-Identifier: MIT */
/* A posix kernel runs as a process of this host, its user programs as processes of their own (posix.h):
 *
 *     pvrun --+-- vcpu process: the kernel and its monitor, on which pvrun has a console and a control channel
 *             +-- zygote: makes the spaces, one for each address space of the guest, when the monitor asks it
 *
 * One life of the guest: memory (posix-machine.c) -> both processes (posix-launch.c) -> relay -> one of them ends
 * -> end the other, and with the zygote all spaces -> empty channels -> verdict. Nothing of what comes back from
 * either is trusted: bytes of the console, lines that host/control.c checks, and ends of processes. */
#define _GNU_SOURCE
#include "posix.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/text.h"
#include "posix-run.h"

/* Killed spaces are gone after this time, or the host kernel holds them. */
#define REAP_LIMIT (2 * SECOND)
/* The zygote ends when the vcpu process does, and is sometimes seen first. */
#define GRACE (SECOND / 5)
/* pvrun had children when it was started, whose end it must not wait for. */
#define REAP_LIMIT_OTHERS (SECOND / 10)

enum { POSIX_WATCHES = WATCH_OTHER };

extern const char posix_monitor_image[], posix_monitor_image_end[];
extern const char posix_zygote_image[], posix_zygote_image_end[];

static bool has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Spaces die with the zygote, and are then our children (PR_SET_CHILD_SUBREAPER): none is left when we end. */
static void reap_spaces(const struct posix *posix)
{
    uint64_t deadline = relay_now() + (posix->had_children ? REAP_LIMIT_OTHERS : REAP_LIMIT);
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && relay_now() < deadline)
        if (pid == 0)
            usleep(200);
}

/* Does this process end without our help? */
static bool ends_itself(struct process *process, uint64_t grace)
{
    uint64_t deadline = relay_now() + grace;

    while (!process_ended(process) && relay_now() < deadline)
        usleep(200);
    return process->pid == 0;
}

static void kill_all(struct posix *posix)
{
    process_kill(&posix->run.process[PROCESS_GUEST]);
    process_kill(&posix->run.process[PROCESS_HELPER]);
    reap_spaces(posix);
}

/* The zygote has stopped, so that it cannot wait for its children: their numbers stay theirs. */
static bool zygote_stands(pid_t zygote)
{
    for (int i = 0; i < 500; i++) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)zygote, &info, WSTOPPED | WNOHANG | WNOWAIT) != 0)
            return false;
        if (info.si_pid == zygote)
            return true;
        usleep(200);
    }
    return false;
}

/* Spaces have process groups of their own, so that no signal of one reaches others. User code in one would go on
 * running while everything else stands still. Without /proc/PID/task/TID/children (proc(5)) it does. */
static void signal_spaces(struct run *run, int number)
{
    pid_t zygote = run->process[PROCESS_HELPER].pid;
    char path[64];
    FILE *children;
    int pid;

    if (zygote == 0 || !zygote_stands(zygote)) /* SIGCONT: only after a SIGSTOP */
        return;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote, (int)zygote);
    children = fopen(path, "re");
    if (children == NULL)
        return;
    while (fscanf(children, "%d", &pid) == 1)
        kill(pid, number);
    fclose(children);
}

/* The vcpu process has ended without telling why. */
static int verdict_silent(struct run *run)
{
    const struct posix *posix = (const struct posix *)run;
    int status = run->process[PROCESS_GUEST].status, zygote = run->process[PROCESS_HELPER].status;

    verdict_begin(run);
    if (posix->zygote_first && WIFSIGNALED(zygote)) {
        message("the guest's zygote process was ended by signal %d (%s)", WTERMSIG(zygote),
                strsignal(WTERMSIG(zygote)));
    } else if (posix->zygote_first) {
        message("the guest's zygote process ended with status %d", WEXITSTATUS(zygote));
    } else if (WIFSIGNALED(status)) {
        message("the guest's vcpu process was ended by signal %d (%s)", WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    } else {
        message("the guest crashed: its vcpu process ended with status %d and has told no exit status",
                WEXITSTATUS(status));
    }
    return PV_STATUS_CRASH;
}

/* A vcpu process that did not end by itself has no last word. */
static int verdict(struct run *run)
{
    if (run->end != END_PROCESS && run->end != END_HELPER)
        return verdict_ended(run);
    if (WIFSIGNALED(run->process[PROCESS_GUEST].status) && run->control.outcome != CONTROL_CRASH)
        return verdict_silent(run);
    return verdict_outcome(run, verdict_silent);
}

static void tell(const struct posix *posix)
{
    const struct run *run = &posix->run;
    char size[32];

    message("vcpu process %d, zygote %d, %s of memory", (int)run->process[PROCESS_GUEST].pid,
            (int)run->process[PROCESS_HELPER].pid, text_size(size, sizeof size, posix->machine.memory_size));
    for (size_t i = 1; i < posix->machine.argc; i++)
        message(i + 1 < posix->machine.argc ? "segment %s" : "entry %s", posix->machine.argv[i]);
}

static int run_once(struct run *run)
{
    struct posix *posix = (struct posix *)run;
    int status;

    run_begin(run, POSIX_WATCHES);
    status = posix_machine_make(&posix->machine, run->options, run->kernel);
    if (status == 0)
        status = posix_launch(posix);
    posix_machine_drop(&posix->machine);
    if (status == 0) {
        if (run->options->verbose)
            tell(posix);
        run_attach(run, 0);
        run->end = relay_run(&run->relay, run->watch, POSIX_WATCHES, run->deadline);
        posix->zygote_first = run->end == END_HELPER && !ends_itself(&run->process[PROCESS_GUEST], GRACE);
        kill_all(posix);
        run_empty(run);
        run_drain_console(run);
        status = verdict(run);
    } else {
        kill_all(posix);
    }
    run_close_channels(run);
    return status;
}

static int run_prepared(struct posix *posix, const struct options *options, const struct kernel *kernel)
{
    int status = posix_program_open(&posix->monitor, "pv-vcpu", "PVRUN_MONITOR", posix_monitor_image,
                                    posix_monitor_image_end);

    if (status == 0)
        status = posix_program_open(&posix->zygote, "pv-zygote", "PVRUN_ZYGOTE", posix_zygote_image,
                                    posix_zygote_image_end);
    if (status == 0)
        status = run_guest(&posix->run, options, kernel, run_once);
    if (posix->monitor >= 0)
        close(posix->monitor);
    if (posix->zygote >= 0)
        close(posix->zygote);
    return status;
}

int posix_run(const struct options *options, const struct kernel *kernel)
{
    struct posix *posix;
    int status = kernel_check_memory(kernel, options, 0);

    if (status == 0)
        status = posix_check_host(options);
    if (status != 0)
        return status;
    posix = calloc(1, sizeof *posix);
    if (posix == NULL) {
        message("cannot prepare the run: %s", strerror(errno));
        return PV_STATUS_OSERR;
    }
    posix->monitor = posix->zygote = -1;
    posix->run.signal_others = signal_spaces;
    posix->had_children = has_children();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    status = run_prepared(posix, options, kernel);
    free(posix);
    return status;
}
