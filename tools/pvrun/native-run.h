/* SPDX-License-Identifier: MIT */
/** @file
 * The state of one run in QEMU, shared by native.c (makes it run) and native-verdict.c (says how it ended).
 */
#ifndef PVRUN_NATIVE_RUN_H
#define PVRUN_NATIVE_RUN_H

#include "command.h"
#include "qmp.h"
#include "run.h"

/** QEMU's own channels: its monitor, its messages. */
enum { WATCH_MONITOR = WATCH_OTHER, WATCH_MESSAGE, NATIVE_WATCHES };

struct native {
    struct run run; /**< first: a struct run of ours is a struct native; its PROCESS_GUEST is QEMU */
    struct qmp qmp;
    size_t message_length;
    char message[512];
};

/** Say on stderr how the run ended, if that needs saying; the status of pvrun, or VERDICT_REBOOT. */
int native_verdict(struct native *native);

#endif
