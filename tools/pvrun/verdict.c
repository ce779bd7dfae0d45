/* SPDX-License-Identifier: MIT */
/* How a run ended (run.h), as far as that is the same on all backends: the guest's own last control line if it
 * made one, or pvrun's reason to end it. Called by native.c and posix.c once nothing runs any more and all
 * channels are empty. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/crash.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "host/text.h"
#include "run.h"

void verdict_begin(struct run *run)
{
    terminal_restore();
    if (run->signal_fd >= 0)
        signals_close(run->signal_fd);
    run->signal_fd = -1;
    if (relay_in_line(&run->relay) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
        putc('\n', stderr);
}

static int verdict_crash(struct run *run)
{
    const struct control_dump *dump = &run->control.dump;

    verdict_begin(run);
    fputs("pvrun: the guest crashed: ", stderr);
    text_put_escaped(stderr, dump->message, dump->message_length);
    putc('\n', stderr);
    crash_print(stderr, dump, &run->kernel->symbols);
    if (!dump->complete)
        message("the guest did not finish its report");
    return PV_STATUS_CRASH;
}

static int verdict_host(struct run *run)
{
    const struct control_dump *dump = &run->control.dump;

    verdict_begin(run);
    fputs("pvrun: the host cannot go on with the guest: ", stderr);
    text_put_escaped(stderr, dump->message, dump->message_length);
    putc('\n', stderr);
    return PV_STATUS_UNAVAILABLE;
}

int verdict_outcome(struct run *run, int (*silent)(struct run *run))
{
    switch (run->control.outcome) {
    case CONTROL_EXIT:
        return (int)run->control.status;
    case CONTROL_REBOOT:
        return VERDICT_REBOOT;
    case CONTROL_CRASH:
        return verdict_crash(run);
    case CONTROL_HOST:
        return verdict_host(run);
    case CONTROL_NONE:
        break;
    }
    return silent(run);
}

int verdict_ended(struct run *run)
{
    verdict_begin(run);
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
    case RELAY_OUTPUT_ERROR:
        message("cannot write the guest's output: %s", strerror(run->relay.error));
        return PV_STATUS_OSERR;
    default:
        message("cannot wait for the guest: %s", strerror(run->relay.error));
        return PV_STATUS_OSERR;
    }
}
