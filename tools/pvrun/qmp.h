/* SPDX-License-Identifier: MIT */
/** @file
 * What pvrun needs of QEMU's monitor protocol (QMP): start the guest once QEMU is complete, learn that it
 * stopped, read its registers then. A state machine without I/O: fed with what QEMU sends, it leaves what
 * is to be sent in `out`.
 */
#ifndef PVRUN_QMP_H
#define PVRUN_QMP_H

#include <stdbool.h>
#include <stddef.h>

#include "host/control.h"

#define QMP_LINE_MAX 65536

struct qmp {
    bool started;  /**< the machine is complete and the guest has been let go */
    bool stopped;  /**< the guest powered off or was reset (triple fault); QEMU waits */
    bool reset;    /**< with stopped: reset, not power-off */
    bool asked;    /**< registers were asked for ... */
    bool answered; /**< ... and the answer is complete, in dump */
    bool overlong;
    unsigned frames; /**< of the walk over the guest's stack */
    uint64_t frame;  /**< its frame pointer */
    struct control_dump *dump;
    char out[1024];
    size_t out_length;
    size_t length;
    char line[QMP_LINE_MAX];
};

void qmp_init(struct qmp *qmp);
void qmp_feed(struct qmp *qmp, const char *bytes, size_t length);

/** Stop the guest if it still runs and collect registers and backtrace into `dump`. */
void qmp_ask_registers(struct qmp *qmp, struct control_dump *dump);

/** Registers out of the text of "info registers"; for the tests. */
void qmp_parse_registers(struct control_dump *dump, const char *text);

#endif
