/* SPDX-License-Identifier: MIT */
/* A native kernel is run by QEMU (native.h). Four channels lead there, all socketpairs or pipes, so that no
 * file is left behind: the guest's console, its control lines, QEMU's monitor, QEMU's own messages. A run:
 *
 *     start QEMU, monitor: "cont" -> relay the console -> QEMU ends or stops -> empty channels -> verdict
 *
 * The verdict is in verdict.c; read that next. The loop is host/relay.c. */
#define _GNU_SOURCE
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/process.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "host/text.h"
#include "run.h"

#define SECOND 1000000000ull

/* QEMU has its machine ready after 0.02-0.1 s; a stand-in that is no QEMU never has. */
#define START_LIMIT (60 * SECOND)
/* A stopped QEMU answers in microseconds. */
#define ANSWER_LIMIT (2 * SECOND)
/* After the user or a signal ended the run, output that nobody takes is given up. */
#define DRAIN_LIMIT (SECOND / 2)
/* Input typed before the kernel has set up its UART would be lost in it. */
#define INPUT_HOLD (1 * SECOND)

/* A kernel that cannot come up and always resets would go on for ever. */
#define REBOOT_FAST (5 * SECOND)
#define REBOOTS_MAX 20

static int on_signal(void *context, struct relay_watch *watch)
{
    struct run *run = context;
    int number = signals_next(watch->fd);

    switch (number) {
    case 0:
        return RELAY_GO_ON;
    case SIGCHLD:
        return process_ended(&run->qemu) ? END_PROCESS : RELAY_GO_ON;
    case SIGTSTP: /* the guest's machine stops with us */
        terminal_restore();
        process_signal(&run->qemu, SIGSTOP);
        signals_stop_self();
        return RELAY_GO_ON;
    case SIGCONT:
        process_signal(&run->qemu, SIGCONT);
        terminal_raw();
        return RELAY_GO_ON;
    default:
        run->signal = number;
        return END_SIGNAL;
    }
}

/* What has come on a channel: bytes > 0, 0 for nothing now; the watch is closed at the end. */
static size_t receive(struct relay_watch *watch, char *bytes, size_t size)
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
    size_t got = receive(watch, bytes, sizeof bytes);

    control_feed(&run->control, bytes, got);
    if (got > 0)
        relay_release(&run->relay);
    return RELAY_GO_ON;
}

static int on_monitor(void *context, struct relay_watch *watch)
{
    struct run *run = context;
    bool started = run->qmp.started, stopped = run->qmp.stopped, answered = run->qmp.answered;
    char bytes[4096];

    qmp_feed(&run->qmp, bytes, receive(watch, bytes, sizeof bytes));
    /* A few hundred bytes that QEMU always takes: the socket has room for them. */
    if (run->qmp.out_length > 0 && watch->fd >= 0 &&
        send(watch->fd, run->qmp.out, run->qmp.out_length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        watch->fd = -1;
    run->qmp.out_length = 0;
    if (run->qmp.stopped && !stopped)
        return END_STOPPED;
    if (run->qmp.answered && !answered)
        return END_ANSWER;
    return run->qmp.started && !started ? END_STARTED : RELAY_GO_ON;
}

/* QEMU's own words, a line at a time, so that they are told apart from the guest's. */
static int on_message(void *context, struct relay_watch *watch)
{
    struct run *run = context;
    char bytes[1024];
    size_t got = receive(watch, bytes, sizeof bytes);

    for (size_t i = 0; i < got; i++) {
        bool full = run->message_length == sizeof run->message;
        if (bytes[i] == '\n' || full) {
            message("qemu: %.*s", (int)run->message_length, run->message);
            run->message_length = 0;
        }
        if (bytes[i] != '\n' && bytes[i] != '\r')
            run->message[run->message_length++] = bytes[i];
    }
    return RELAY_GO_ON;
}

static void open_watches(struct run *run)
{
    run->watch[WATCH_SIGNAL] = (struct relay_watch){run->signal_fd, on_signal, run};
    run->watch[WATCH_CONTROL] = (struct relay_watch){run->fd[WATCH_CONTROL], on_control, run};
    run->watch[WATCH_MONITOR] = (struct relay_watch){run->fd[WATCH_MONITOR], on_monitor, run};
    run->watch[WATCH_MESSAGE] = (struct relay_watch){run->fd[WATCH_MESSAGE], on_message, run};
}

/* Take what QEMU has left in the channels besides the console; it has ended or stands still. */
static void empty_watches(struct run *run)
{
    for (int i = WATCH_CONTROL; i < WATCHES; i++) {
        struct relay_watch *watch = &run->watch[i];
        char byte;
        while (watch->fd >= 0) {
            if (recv(watch->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno != EINTR)
                break;
            watch->ready(run, watch);
        }
    }
    if (run->qemu.pid == 0 && run->message_length > 0) {
        message("qemu: %.*s", (int)run->message_length, run->message);
        run->message_length = 0;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Write out what the guest has said. Without a user or a clock that ends it, until the reader takes it. */
static void drain_console(struct run *run)
{
    bool hurry = run->end != END_PROCESS && run->end != END_STOPPED;
    uint64_t deadline = hurry ? relay_now() + DRAIN_LIMIT : run->deadline;
    int end = RELAY_GO_ON;

    relay_drain(&run->relay, run->fd[WATCH_CONSOLE]);
    while (end == RELAY_GO_ON || end == END_PROCESS)
        end = relay_run(&run->relay, run->watch, 1, deadline);
    if (end != RELAY_DRAINED && !hurry)
        run->end = end;
}

/* QEMU stands still, or is about to be ended by the clock: what was the guest doing? The answer also shows
 * that a QEMU which stands still has had the time to send what was left in the UART. */
static void ask_registers(struct run *run)
{
    uint64_t deadline = relay_now() + ANSWER_LIMIT;
    struct relay_watch *monitor = &run->watch[WATCH_MONITOR];
    int end = RELAY_GO_ON;

    if (!run->qmp.started || monitor->fd < 0)
        return;
    qmp_ask_registers(&run->qmp, &run->probe);
    if (send(monitor->fd, run->qmp.out, run->qmp.out_length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
    run->qmp.out_length = 0;
    relay_resume(&run->relay, run->fd[WATCH_CONSOLE]);
    while (end == RELAY_GO_ON || end == END_STOPPED)
        end = relay_run(&run->relay, run->watch, WATCHES, deadline);
}

/* From the start of QEMU to its end. */
static void relay_until_end(struct run *run)
{
    uint64_t start_deadline = relay_now() + START_LIMIT;
    int end;

    do {
        bool started = run->qmp.started;
        end = relay_run(&run->relay, run->watch, WATCHES,
                        started ? run->deadline : earlier(run->deadline, start_deadline));
        if (end == RELAY_DEADLINE && !started && relay_now() < run->deadline)
            end = END_NO_START;
    } while (end == END_STARTED || end == END_ANSWER);
    run->end = end;
}

static void finish(struct run *run)
{
    /* Bytes may still wait in the UART of a QEMU that stands still: make room for them before it ends. */
    if (run->end == END_STOPPED)
        drain_console(run);
    if (run->end == END_STOPPED || run->end == RELAY_DEADLINE)
        ask_registers(run);
    if (run->end != END_PROCESS)
        process_kill(&run->qemu);
    empty_watches(run);
    drain_console(run);
}

static bool open_channels(struct run *run, int theirs[4])
{
    int pair[2];

    for (int i = 0; i < WATCHES; i++)
        run->fd[i] = theirs[i] = -1;
    for (int i = 0; i < WATCHES; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            return false;
        run->fd[i] = pair[0];
        theirs[i] = pair[1];
        if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

static void close_all(int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* 0, or a status after a message. */
static int start_qemu(struct run *run, const struct options *options, int theirs[4])
{
    struct command command;
    int error;

    command_build(&command, options, run->program, theirs[WATCH_CONSOLE], theirs[WATCH_CONTROL],
                  theirs[WATCH_MONITOR]);
    if (options->verbose)
        command_print(stderr, &command);
    error = process_start(&run->qemu, command.argv, theirs[WATCH_MESSAGE], theirs, WATCH_MESSAGE);
    if (error == 0)
        return 0;
    message("cannot start %s: %s%s", run->program, strerror(error),
            error == ENOENT ? ": install QEMU (Debian: apt-get install qemu-system-x86) or name it by --qemu"
                            : "");
    return PV_STATUS_UNAVAILABLE;
}

/* One life of the guest, from power-on to power-off. */
static int run_once(struct run *run, const struct options *options)
{
    int theirs[WATCHES], status;

    control_init(&run->control);
    memset(&run->probe, 0, sizeof run->probe);
    qmp_init(&run->qmp);
    run->message_length = 0;
    run->started_at = relay_now();
    if (!open_channels(run, theirs)) {
        message("cannot make a socket pair: %s", strerror(errno));
        status = PV_STATUS_OSERR;
    } else {
        status = start_qemu(run, options, theirs);
    }
    close_all(theirs, WATCHES);
    if (status == 0) {
        relay_attach(&run->relay, run->fd[WATCH_CONSOLE], INPUT_HOLD);
        open_watches(run);
        relay_until_end(run);
        finish(run);
        status = verdict(run);
    }
    close_all(run->fd, WATCHES);
    return status;
}

static int run_with_reboots(struct run *run, const struct options *options)
{
    unsigned fast = 0;
    int status;

    for (;;) {
        status = run_once(run, options);
        if (status != VERDICT_REBOOT)
            return status;
        fast = relay_now() - run->started_at < REBOOT_FAST ? fast + 1 : 0;
        if (fast >= REBOOTS_MAX) {
            terminal_restore();
            message("the guest rebooted %u times in a row, each time within %llu s of its start", fast,
                    REBOOT_FAST / SECOND);
            return PV_STATUS_CRASH;
        }
        if (options->verbose)
            message("the guest reboots");
    }
}

int native_run(const struct options *options, const struct kernel *kernel)
{
    struct run *run;
    int status;

    if (!kernel->has_pvh) {
        message("%s: has no PVH entry note, so QEMU cannot boot it: link it with the link script of pvops",
                kernel->path);
        return PV_STATUS_DATA;
    }
    status = kernel_check_memory(kernel, options, NATIVE_RESERVE);
    if (status != 0)
        return status;
    run = calloc(1, sizeof *run);
    if (run == NULL || (run->signal_fd = signals_open()) < 0) {
        message("cannot prepare the run: %s", strerror(errno));
        free(run);
        return PV_STATUS_OSERR;
    }
    run->kernel = kernel;
    run->program = options->qemu;
    run->timeout = options->timeout;
    run->deadline = options->timeout != 0 ? relay_now() + options->timeout : UINT64_MAX;
    if (options->timeout != 0)
        signals_watchdog((unsigned)(options->timeout / SECOND) + 5, PV_STATUS_TIMEOUT);
    relay_open(&run->relay, options->no_input ? -1 : STDIN_FILENO, STDOUT_FILENO,
               !options->no_input && terminal_take(STDIN_FILENO));
    status = run_with_reboots(run, options);
    terminal_restore();
    relay_close(&run->relay);
    if (run->signal_fd >= 0)
        signals_close(run->signal_fd);
    free(run);
    return status;
}
