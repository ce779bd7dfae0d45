/* SPDX-License-Identifier: MIT */
/* How a run in QEMU ended (run.h): the guest's own last control line if it made one, else what can be told
 * from outside. Called by native.c once nothing runs any more and all channels are empty. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/crash.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "host/text.h"
#include "run.h"

/* No guest any more: give the terminal back, at the start of a line, and let signals end us. */
static void begin_report(struct run *run)
{
    terminal_restore();
    signals_close(run->signal_fd);
    run->signal_fd = -1;
    if (relay_in_line(&run->relay) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
        putc('\n', stderr);
}

/* A reset: what a triple fault is. Announced by a reboot line it is a reboot; an exit does not end in one. */
static bool was_reset(const struct run *run)
{
    return run->end == END_STOPPED && run->qmp.reset;
}

static int verdict_crash(struct run *run)
{
    const struct control_dump *dump = &run->control.dump;

    begin_report(run);
    fputs("pvrun: the guest crashed: ", stderr);
    text_put_escaped(stderr, dump->message, dump->message_length);
    putc('\n', stderr);
    crash_print(stderr, dump, &run->kernel->symbols);
    if (!dump->complete)
        message("the guest did not finish its report");
    return PV_STATUS_CRASH;
}

/* The guest is gone without a word, or by a reset that contradicts its word. */
static int verdict_silent(struct run *run)
{
    begin_report(run);
    if (was_reset(run))
        message("the guest crashed: triple fault, or a reset that it did not announce");
    else if (run->end == END_STOPPED)
        message("the guest crashed: it switched its machine off without telling an exit status");
    else
        message("the guest crashed: %s ended with status %d and the guest has told no exit status",
                run->program, WEXITSTATUS(run->qemu.status));
    crash_print(stderr, &run->probe, &run->kernel->symbols);
    return PV_STATUS_CRASH;
}

/* QEMU stopped or ended in good order: the guest's last word counts. */
static int verdict_outcome(struct run *run)
{
    switch (run->control.outcome) {
    case CONTROL_EXIT:
        if (was_reset(run))
            break;
        return (int)run->control.status;
    case CONTROL_REBOOT:
        return VERDICT_REBOOT;
    case CONTROL_CRASH:
        return verdict_crash(run);
    case CONTROL_NONE:
        break;
    }
    return verdict_silent(run);
}

static int verdict_process(struct run *run)
{
    int status = run->qemu.status, number = WTERMSIG(status);

    if (!run->qmp.started) {
        begin_report(run);
        if (WIFSIGNALED(status))
            message("%s was ended by signal %d (%s) before the guest could start", run->program, number,
                    strsignal(number));
        else
            message("%s ended with status %d before the guest could start", run->program,
                    WEXITSTATUS(status));
        return PV_STATUS_UNAVAILABLE;
    }
    if (WIFSIGNALED(status)) {
        begin_report(run);
        message("%s was ended by signal %d (%s)", run->program, number, strsignal(number));
        return PV_STATUS_CRASH;
    }
    return verdict_outcome(run);
}

/* pvrun itself ended the run. */
static int verdict_ended(struct run *run)
{
    begin_report(run);
    switch (run->end) {
    case RELAY_LEAVE:
        message("ended by Ctrl-A x");
        return PV_STATUS_INTERRUPTED;
    case END_SIGNAL:
        message("ended by signal %d (%s)", run->signal, strsignal(run->signal));
        return 128 + run->signal;
    case RELAY_DEADLINE:
        message("the run did not end within %g s (--timeout)", (double)run->timeout / 1e9);
        crash_print(stderr, &run->probe, &run->kernel->symbols);
        return PV_STATUS_TIMEOUT;
    case END_NO_START:
        message("%s does not start: is it QEMU?", run->program);
        return PV_STATUS_UNAVAILABLE;
    case RELAY_OUTPUT_ERROR:
        message("cannot write the guest's output: %s", strerror(run->relay.error));
        return PV_STATUS_OSERR;
    default:
        message("cannot wait for the guest: %s", strerror(run->relay.error));
        return PV_STATUS_OSERR;
    }
}

int verdict(struct run *run)
{
    if (run->end == END_PROCESS)
        return verdict_process(run);
    return run->end == END_STOPPED ? verdict_outcome(run) : verdict_ended(run);
}
