/* SPDX-License-Identifier: MIT */
/** @file
 * The state of one run in QEMU, shared by native.c (makes it run) and verdict.c (says how it ended).
 */
#ifndef PVRUN_RUN_H
#define PVRUN_RUN_H

#include <stdint.h>

#include "command.h"
#include "host/control.h"
#include "host/process.h"
#include "host/relay.h"
#include "kernel.h"
#include "qmp.h"

/** Why the loop ended, besides the RELAY_ values. */
enum run_end {
    END_PROCESS = 1, /**< QEMU has ended and is reaped */
    END_STOPPED,     /**< QEMU stands still: the guest powered off or was reset */
    END_SIGNAL,      /**< pvrun got a signal that ends it */
    END_STARTED,     /**< not an end: the guest was let go */
    END_ANSWER,      /**< not an end: the registers have come */
    END_NO_START,    /**< QEMU did not come up */
};

/** Channels; the console is relayed, the others are watched. */
enum { WATCH_SIGNAL, WATCH_CONSOLE = WATCH_SIGNAL, WATCH_CONTROL, WATCH_MONITOR, WATCH_MESSAGE, WATCHES };

struct run {
    const struct kernel *kernel;
    const char *program; /**< QEMU */
    uint64_t timeout;    /**< ns, 0: none */
    uint64_t deadline;   /**< of relay_now, UINT64_MAX: none */
    uint64_t started_at; /**< this life of the guest */
    int signal_fd;
    int signal;      /**< of END_SIGNAL */
    int end;         /**< enum run_end or enum relay_end */
    int fd[WATCHES]; /**< our ends of the channels */
    struct relay_watch watch[WATCHES];
    struct process qemu;
    struct control control;
    struct control_dump probe; /**< registers that we asked QEMU for */
    struct qmp qmp;
    size_t message_length;
    char message[512];
    struct relay relay;
};

/** verdict: start again instead of ending with a status. */
#define VERDICT_REBOOT (-1)

/** Say on stderr how the run ended, if that needs saying; the status of pvrun, or VERDICT_REBOOT. */
int verdict(struct run *run);

#endif
