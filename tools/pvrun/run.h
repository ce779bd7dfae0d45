/* SPDX-License-Identifier: MIT */
/** @file
 * The part of a run that is the same on every backend: signals, terminal, console and control channel, reboots,
 * and what is told at the end (verdict.c). A backend keeps a struct run as the first member of its own state,
 * starts the processes, and says which of them is the guest.
 */
#ifndef PVRUN_RUN_H
#define PVRUN_RUN_H

#include <stdint.h>

#include "host/control.h"
#include "host/process.h"
#include "host/relay.h"
#include "kernel.h"
#include "options.h"

#define SECOND 1000000000ull

/** Why the loop ended, besides the RELAY_ values. */
enum run_end {
    END_PROCESS = 1, /**< the guest's process has ended and is reaped */
    END_HELPER,      /**< another process of the run has ended and is reaped */
    END_STOPPED,     /**< QEMU stands still: the guest powered off or was reset */
    END_SIGNAL,      /**< pvrun got a signal that ends it */
    END_STARTED,     /**< not an end: the guest was let go */
    END_ANSWER,      /**< not an end: the registers have come */
    END_NO_START,    /**< QEMU did not come up */
};

/** Channels; the console is relayed, the others are watched. From OTHER on they are the backend's own. */
enum { WATCH_SIGNAL, WATCH_CONSOLE = WATCH_SIGNAL, WATCH_CONTROL, WATCH_OTHER, WATCHES_MAX = 6 };

/** Processes of a run. */
enum { PROCESS_GUEST, PROCESS_HELPER, PROCESSES };

struct run {
    const struct options *options;
    const struct kernel *kernel;
    uint64_t timeout;    /**< ns, 0: none */
    uint64_t deadline;   /**< of relay_now, UINT64_MAX: none */
    uint64_t started_at; /**< this life of the guest */
    int signal_fd;
    int signal;          /**< of END_SIGNAL */
    int end;             /**< enum run_end or enum relay_end */
    int watches;         /**< channels in use */
    int fd[WATCHES_MAX]; /**< our ends of the channels, non-blocking; -1: none */
    struct relay_watch watch[WATCHES_MAX];
    struct process process[PROCESSES];
    /** SIGSTOP has gone to both processes, or SIGCONT is about to: do it to others. NULL: there are none. */
    void (*signal_others)(struct run *run, int number);
    struct control control;
    struct control_dump probe; /**< what pvrun itself has found out about the guest's registers */
    struct relay relay;
};

/** All lives of a guest: `once` is one, and gives a status or VERDICT_REBOOT. Gives the status of pvrun. */
int run_guest(struct run *run, const struct options *options, const struct kernel *kernel,
              int (*once)(struct run *run));

/** In `once`: forget the life before. All channels are closed afterwards. */
void run_begin(struct run *run, int watches);
/** The channels are open: relay and watch them. `hold`: see relay_attach. */
void run_attach(struct run *run, uint64_t hold);
void run_close_channels(struct run *run);

/** What has come on a channel: bytes > 0, 0 for nothing now; the watch is closed at the end. */
size_t run_receive(struct relay_watch *watch, char *bytes, size_t size);

/** Take what is left in the channels besides the console; nobody writes any more. */
void run_empty(struct run *run);

/** Write out what the guest has said. Without a user or a clock that ends it, until the reader takes it. */
void run_drain_console(struct run *run);

/** verdict: start again instead of ending with a status. */
#define VERDICT_REBOOT (-1)

/* verdict.c: each says on stderr how the run ended, if that needs saying. */

/** No guest any more: give the terminal back, at the start of a line, and let signals end us. */
void verdict_begin(struct run *run);
/** The guest's last word; `silent` is asked when there is none. A status or VERDICT_REBOOT. */
int verdict_outcome(struct run *run, int (*silent)(struct run *run));
/** pvrun itself ended the run. */
int verdict_ended(struct run *run);

#endif
