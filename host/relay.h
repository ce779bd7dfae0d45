/* SPDX-License-Identifier: MIT */
/** @file
 * The poll loop of a run: relays bytes between the user and the guest's console, and watches whatever else
 * the backend has (control channel, signals, the child's messages). It never blocks anywhere but in poll.
 */
#ifndef PVOPS_HOST_RELAY_H
#define PVOPS_HOST_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_TO_USER_MAX 65536
#define RELAY_TO_GUEST_MAX 65536

/** Why relay_run returned; a watch may return any other positive number. */
enum relay_end {
    RELAY_GO_ON = 0,
    RELAY_LEAVE = -1,        /**< the user typed Ctrl-A x */
    RELAY_DEADLINE = -2,     /**< the deadline has passed */
    RELAY_DRAINED = -3,      /**< after relay_drain: everything has been written out */
    RELAY_OUTPUT_ERROR = -4, /**< the output cannot be written: relay.error */
    RELAY_POLL_ERROR = -5,   /**< poll failed: relay.error */
};

/** Something else to wait for. `ready` reads without blocking and sets fd to -1 at the end of it. */
struct relay_watch {
    int fd;
    int (*ready)(void *context, struct relay_watch *watch); /**< RELAY_GO_ON, or what relay_run returns */
    void *context;
};

struct relay_buffer {
    size_t start, length;
};

struct relay {
    int in;    /**< bytes for the guest, -1: none (any more) */
    int out;   /**< bytes of the guest */
    int guest; /**< non-blocking stream socket, -1 at its end */
    bool keys; /**< in is a terminal: Ctrl-A is a command */
    bool draining;
    bool escaped; /**< the last key was Ctrl-A */
    bool out_is_socket;
    bool out_is_ours;
    char last;           /**< last byte of the guest's output */
    uint64_t hold_until; /**< input waits until the guest shows life, or until this time (ns) */
    int error;           /**< errno of RELAY_OUTPUT_ERROR and RELAY_POLL_ERROR */
    struct relay_buffer to_user, to_guest;
    char user_bytes[RELAY_TO_USER_MAX];
    char guest_bytes[RELAY_TO_GUEST_MAX];
};

/** Nanoseconds of the monotonic clock; deadlines are in these. */
uint64_t relay_now(void);

/** `in` may be -1. `keys`: `in` is a raw terminal. */
void relay_open(struct relay *relay, int in, int out, bool keys);
void relay_close(struct relay *relay);

/** A new guest: its console, and how long (ns) input may wait for its first sign of life. */
void relay_attach(struct relay *relay, int guest, uint64_t hold);

/** The guest has shown life by other means than console output. */
void relay_release(struct relay *relay);

/** Only empty what is in `guest`, whose writer is gone or stands still; relay_run ends with RELAY_DRAINED. */
void relay_drain(struct relay *relay, int guest);

/** Back to relaying after relay_drain: the writer at `guest` may have more. */
void relay_resume(struct relay *relay, int guest);

/** The guest's output stands in the middle of a line. */
bool relay_in_line(const struct relay *relay);

/** Run until something ends it. `deadline` in ns of relay_now, UINT64_MAX: none. */
int relay_run(struct relay *relay, struct relay_watch *watches, size_t count, uint64_t deadline);

#endif
