/* SPDX-License-Identifier: MIT */
/* How a run in QEMU ended (native-run.h): beside what verdict.c knows, what QEMU tells of a guest that says
 * nothing itself. Called by native.c once nothing runs any more and all channels are empty. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "host/crash.h"
#include "host/text.h"
#include "native-run.h"

/* A reset: what a triple fault is. Announced by a reboot line it is a reboot; an exit does not end in one. */
static bool was_reset(const struct native *native)
{
    return native->run.end == END_STOPPED && native->qmp.reset;
}

/* The guest is gone without a word, or by a reset that contradicts its word. */
static int verdict_silent(struct run *run)
{
    struct native *native = (struct native *)run;

    verdict_begin(run);
    if (was_reset(native))
        message("the guest crashed: triple fault, or a reset that it did not announce");
    else if (run->end == END_STOPPED)
        message("the guest crashed: it switched its machine off without telling an exit status");
    else
        message("the guest crashed: %s ended with status %d and the guest has told no exit status",
                run->options->qemu, WEXITSTATUS(run->process[PROCESS_GUEST].status));
    crash_print(stderr, &run->probe, &run->kernel->symbols);
    return PV_STATUS_CRASH;
}

/* QEMU stopped or ended in good order: the guest's last word counts. */
static int verdict_in_order(struct native *native)
{
    if (native->run.control.outcome == CONTROL_EXIT && was_reset(native))
        return verdict_silent(&native->run);
    return verdict_outcome(&native->run, verdict_silent);
}

static int verdict_process(struct native *native)
{
    const char *program = native->run.options->qemu;
    int status = native->run.process[PROCESS_GUEST].status, number = WTERMSIG(status);

    if (!native->qmp.started) {
        verdict_begin(&native->run);
        if (WIFSIGNALED(status))
            message("%s was ended by signal %d (%s) before the guest could start", program, number,
                    strsignal(number));
        else
            message("%s ended with status %d before the guest could start", program, WEXITSTATUS(status));
        return PV_STATUS_UNAVAILABLE;
    }
    if (WIFSIGNALED(status)) {
        verdict_begin(&native->run);
        message("%s was ended by signal %d (%s)", program, number, strsignal(number));
        return PV_STATUS_CRASH;
    }
    return verdict_in_order(native);
}

int native_verdict(struct native *native)
{
    switch (native->run.end) {
    case END_PROCESS:
        return verdict_process(native);
    case END_STOPPED:
        return verdict_in_order(native);
    case END_NO_START:
        verdict_begin(&native->run);
        message("%s does not start: is it QEMU?", native->run.options->qemu);
        return PV_STATUS_UNAVAILABLE;
    default:
        return verdict_ended(&native->run);
    }
}
