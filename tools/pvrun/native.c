/* SPDX-License-Identifier: MIT */
/* A native kernel is run by QEMU (native.h). Four channels lead there, all socketpairs, so that no file is left
 * behind: the guest's console, its control lines, QEMU's monitor, QEMU's own messages. A run:
 *
 *     start QEMU, monitor: "cont" -> relay the console -> QEMU ends or stops -> empty channels -> verdict
 *
 * What is not QEMU's is in run.c; the verdict is in native-verdict.c: read these next. */
#define _GNU_SOURCE
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/text.h"
#include "native-run.h"

/* QEMU has its machine ready after 0.02-0.1 s; a stand-in that is no QEMU never has. */
#define START_LIMIT (60 * SECOND)
/* A stopped QEMU answers in microseconds. */
#define ANSWER_LIMIT (2 * SECOND)
/* Input typed before the kernel has set up its UART would be lost in it. */
#define INPUT_HOLD (1 * SECOND)

static int on_monitor(void *context, struct relay_watch *watch)
{
    struct native *native = context;
    struct qmp *qmp = &native->qmp;
    bool started = qmp->started, stopped = qmp->stopped, answered = qmp->answered;
    char bytes[4096];

    qmp_feed(qmp, bytes, run_receive(watch, bytes, sizeof bytes));
    /* A few hundred bytes that QEMU always takes: the socket has room for them. */
    if (qmp->out_length > 0 && watch->fd >= 0 &&
        send(watch->fd, qmp->out, qmp->out_length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        watch->fd = -1;
    qmp->out_length = 0;
    if (qmp->stopped && !stopped)
        return END_STOPPED;
    if (qmp->answered && !answered)
        return END_ANSWER;
    return qmp->started && !started ? END_STARTED : RELAY_GO_ON;
}

/* QEMU's own words, a line at a time, so that they are told apart from the guest's. */
static int on_message(void *context, struct relay_watch *watch)
{
    struct native *native = context;
    char bytes[1024];
    size_t got = run_receive(watch, bytes, sizeof bytes);

    for (size_t i = 0; i < got; i++) {
        bool full = native->message_length == sizeof native->message;
        if (bytes[i] == '\n' || full) {
            message("qemu: %.*s", (int)native->message_length, native->message);
            native->message_length = 0;
        }
        if (bytes[i] != '\n' && bytes[i] != '\r')
            native->message[native->message_length++] = bytes[i];
    }
    return RELAY_GO_ON;
}

static void open_watches(struct native *native)
{
    struct run *run = &native->run;

    run_attach(run, INPUT_HOLD);
    run->watch[WATCH_MONITOR] = (struct relay_watch){run->fd[WATCH_MONITOR], on_monitor, native};
    run->watch[WATCH_MESSAGE] = (struct relay_watch){run->fd[WATCH_MESSAGE], on_message, native};
}

static void empty_watches(struct native *native)
{
    run_empty(&native->run);
    if (native->run.process[PROCESS_GUEST].pid == 0 && native->message_length > 0) {
        message("qemu: %.*s", (int)native->message_length, native->message);
        native->message_length = 0;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* QEMU stands still, or is about to be ended by the clock: what was the guest doing? The answer also shows
 * that a QEMU which stands still has had the time to send what was left in the UART. */
static void ask_registers(struct native *native)
{
    struct run *run = &native->run;
    struct qmp *qmp = &native->qmp;
    uint64_t deadline = relay_now() + ANSWER_LIMIT;
    struct relay_watch *monitor = &run->watch[WATCH_MONITOR];
    int end = RELAY_GO_ON;

    if (!qmp->started || monitor->fd < 0)
        return;
    qmp_ask_registers(qmp, &run->probe);
    if (send(monitor->fd, qmp->out, qmp->out_length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
    qmp->out_length = 0;
    relay_resume(&run->relay, run->fd[WATCH_CONSOLE]);
    while (end == RELAY_GO_ON || end == END_STOPPED)
        end = relay_run(&run->relay, run->watch, NATIVE_WATCHES, deadline);
}

/* From the start of QEMU to its end. */
static void relay_until_end(struct native *native)
{
    struct run *run = &native->run;
    uint64_t start_deadline = relay_now() + START_LIMIT;
    int end;

    do {
        bool started = native->qmp.started;
        end = relay_run(&run->relay, run->watch, NATIVE_WATCHES,
                        started ? run->deadline : earlier(run->deadline, start_deadline));
        if (end == RELAY_DEADLINE && !started && relay_now() < run->deadline)
            end = END_NO_START;
    } while (end == END_STARTED || end == END_ANSWER);
    run->end = end;
}

static void finish(struct native *native)
{
    struct run *run = &native->run;

    /* Bytes may still wait in the UART of a QEMU that stands still: make room for them before it ends. */
    if (run->end == END_STOPPED)
        run_drain_console(run);
    if (run->end == END_STOPPED || run->end == RELAY_DEADLINE)
        ask_registers(native);
    if (run->end != END_PROCESS)
        process_kill(&run->process[PROCESS_GUEST]);
    empty_watches(native);
    run_drain_console(run);
}

static bool open_channels(struct run *run, int theirs[NATIVE_WATCHES])
{
    int pair[2];

    for (int i = 0; i < NATIVE_WATCHES; i++)
        theirs[i] = -1;
    for (int i = 0; i < NATIVE_WATCHES; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            return false;
        run->fd[i] = pair[0];
        theirs[i] = pair[1];
        if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

/* 0, or a status after a message. */
static int start_qemu(struct run *run, int theirs[NATIVE_WATCHES])
{
    const char *program = run->options->qemu;
    struct command command;
    int error;

    command_build(&command, run->options, program, theirs[WATCH_CONSOLE], theirs[WATCH_CONTROL],
                  theirs[WATCH_MONITOR]);
    if (run->options->verbose)
        command_print(stderr, &command);
    error = process_start(&run->process[PROCESS_GUEST], command.argv, theirs[WATCH_MESSAGE], theirs,
                          WATCH_MESSAGE);
    if (error == 0)
        return 0;
    message("cannot start %s: %s%s", program, strerror(error),
            error == ENOENT ? ": install QEMU (Debian: apt-get install qemu-system-x86) or name it by --qemu"
                            : "");
    return PV_STATUS_UNAVAILABLE;
}

/* One life of the guest, from power-on to power-off. */
static int run_once(struct run *run)
{
    struct native *native = (struct native *)run;
    int theirs[NATIVE_WATCHES], status;

    run_begin(run, NATIVE_WATCHES);
    qmp_init(&native->qmp);
    native->message_length = 0;
    if (!open_channels(run, theirs)) {
        message("cannot make a socket pair: %s", strerror(errno));
        status = PV_STATUS_OSERR;
    } else {
        status = start_qemu(run, theirs);
    }
    for (int i = 0; i < NATIVE_WATCHES; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    if (status == 0) {
        open_watches(native);
        relay_until_end(native);
        finish(native);
        status = native_verdict(native);
    }
    run_close_channels(run);
    return status;
}

int native_run(const struct options *options, const struct kernel *kernel)
{
    struct native *native;
    int status;

    if (!kernel->has_pvh) {
        message("%s: has no PVH entry note, so QEMU cannot boot it: link it with the link script of pvops",
                kernel->path);
        return PV_STATUS_DATA;
    }
    status = kernel_check_memory(kernel, options, NATIVE_RESERVE);
    if (status != 0)
        return status;
    native = calloc(1, sizeof *native);
    if (native == NULL) {
        message("cannot prepare the run: %s", strerror(errno));
        return PV_STATUS_OSERR;
    }
    status = run_guest(&native->run, options, kernel, run_once);
    free(native);
    return status;
}
