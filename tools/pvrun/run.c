/* SPDX-License-Identifier: MIT */
/* A run as every backend has it (run.h). The loop itself is host/relay.c; native.c and posix.c start what runs
 * in it. Read next: one of these, then verdict.c. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"
#include "host/terminal.h"
#include "host/text.h"

/* After the user or a signal ended the run, output that nobody takes is given up. */
#define DRAIN_LIMIT (SECOND / 2)

/* A kernel that cannot come up and always resets would go on for ever. */
#define REBOOT_FAST (5 * SECOND)
#define REBOOTS_MAX 20

/* The guest's process goes first: its end may be the cause of the other's. */
static int on_child(struct run *run)
{
    static const int ends[PROCESSES] = {END_PROCESS, END_HELPER};

    for (int i = 0; i < PROCESSES; i++)
        if (run->process[i].pid != 0 && process_ended(&run->process[i]))
            return ends[i];
    return RELAY_GO_ON;
}

static void signal_all(struct run *run, int number)
{
    if (number == SIGCONT && run->signal_others != NULL)
        run->signal_others(run, number);
    for (int i = 0; i < PROCESSES; i++)
        process_signal(&run->process[i], number);
    if (number != SIGCONT && run->signal_others != NULL)
        run->signal_others(run, number);
}

static int on_signal(void *context, struct relay_watch *watch)
{
    struct run *run = context;
    int number = signals_next(watch->fd);

    switch (number) {
    case 0:
        return RELAY_GO_ON;
    case SIGCHLD:
        return on_child(run);
    case SIGTSTP: /* the guest's machine stops with us */
        terminal_restore();
        signal_all(run, SIGSTOP);
        signals_stop_self();
        return RELAY_GO_ON;
    case SIGCONT:
        signal_all(run, SIGCONT);
        terminal_raw();
        return RELAY_GO_ON;
    default:
        run->signal = number;
        return END_SIGNAL;
    }
}

size_t run_receive(struct relay_watch *watch, char *bytes, size_t size)
{
    ssize_t got = read(watch->fd, bytes, size);

    if (got > 0)
        return (size_t)got;
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        watch->fd = -1;
    return 0;
}

static int on_control(void *context, struct relay_watch *watch)
{
    struct run *run = context;
    char bytes[4096];
    size_t got = run_receive(watch, bytes, sizeof bytes);

    control_feed(&run->control, bytes, got);
    if (got > 0)
        relay_release(&run->relay);
    return RELAY_GO_ON;
}

void run_begin(struct run *run, int watches)
{
    control_init(&run->control);
    memset(&run->probe, 0, sizeof run->probe);
    memset(run->process, 0, sizeof run->process);
    run->started_at = relay_now();
    run->watches = watches;
    for (int i = 0; i < WATCHES_MAX; i++) {
        run->fd[i] = -1;
        run->watch[i] = (struct relay_watch){-1, NULL, NULL};
    }
}

void run_attach(struct run *run, uint64_t hold)
{
    relay_attach(&run->relay, run->fd[WATCH_CONSOLE], hold);
    run->watch[WATCH_SIGNAL] = (struct relay_watch){run->signal_fd, on_signal, run};
    run->watch[WATCH_CONTROL] = (struct relay_watch){run->fd[WATCH_CONTROL], on_control, run};
}

void run_close_channels(struct run *run)
{
    for (int i = 0; i < WATCHES_MAX; i++) {
        if (run->fd[i] >= 0)
            close(run->fd[i]);
        run->fd[i] = -1;
    }
}

void run_empty(struct run *run)
{
    for (int i = WATCH_CONTROL; i < run->watches; i++) {
        struct relay_watch *watch = &run->watch[i];
        struct pollfd slot = {watch->fd, POLLIN, 0};
        while (watch->fd >= 0 && poll(&slot, 1, 0) != 0)
            watch->ready(watch->context, watch);
    }
}

void run_drain_console(struct run *run)
{
    bool hurry = run->end != END_PROCESS && run->end != END_HELPER && run->end != END_STOPPED;
    uint64_t deadline = hurry ? relay_now() + DRAIN_LIMIT : run->deadline;
    int end = RELAY_GO_ON;

    relay_drain(&run->relay, run->fd[WATCH_CONSOLE]);
    while (end == RELAY_GO_ON || end == END_PROCESS || end == END_HELPER)
        end = relay_run(&run->relay, run->watch, 1, deadline);
    if (end != RELAY_DRAINED && !hurry)
        run->end = end;
}

static int run_with_reboots(struct run *run, int (*once)(struct run *run))
{
    unsigned fast = 0;
    int status;

    for (;;) {
        status = once(run);
        if (status != VERDICT_REBOOT)
            return status;
        fast = relay_now() - run->started_at < REBOOT_FAST ? fast + 1 : 0;
        if (fast >= REBOOTS_MAX) {
            terminal_restore();
            message("the guest rebooted %u times in a row, each time within %llu s of its start", fast,
                    REBOOT_FAST / SECOND);
            return PV_STATUS_CRASH;
        }
        if (run->options->verbose)
            message("the guest reboots");
    }
}

int run_guest(struct run *run, const struct options *options, const struct kernel *kernel,
              int (*once)(struct run *run))
{
    int status;

    run->options = options;
    run->kernel = kernel;
    run->signal_fd = signals_open();
    if (run->signal_fd < 0) {
        message("cannot prepare the run: %s", strerror(errno));
        return PV_STATUS_OSERR;
    }
    run->timeout = options->timeout;
    run->deadline = options->timeout != 0 ? relay_now() + options->timeout : UINT64_MAX;
    if (options->timeout != 0)
        signals_watchdog((unsigned)(options->timeout / SECOND) + 20, PV_STATUS_TIMEOUT);
    relay_open(&run->relay, options->no_input ? -1 : STDIN_FILENO, STDOUT_FILENO,
               !options->no_input && terminal_take(STDIN_FILENO));
    status = run_with_reboots(run, once);
    terminal_restore();
    relay_close(&run->relay);
    if (run->signal_fd >= 0)
        signals_close(run->signal_fd);
    return status;
}
