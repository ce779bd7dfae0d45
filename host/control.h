/* SPDX-License-Identifier: MIT */
/** @file
 * The reader of the control channel (pvops/abi/control.h): a state machine that is fed bytes as they come and
 * remembers how the guest ended. It allocates nothing and keeps a bounded amount of what the guest says.
 */
#ifndef PVOPS_HOST_CONTROL_H
#define PVOPS_HOST_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pvops/abi/control.h"

#define CONTROL_NAME_MAX 16       /* of a register, with the 0 */
#define CONTROL_TRACE_NAME_MAX 40 /* longer ones are cut */
#define CONTROL_REGISTERS_MAX 64
#define CONTROL_FRAMES_MAX 64
#define CONTROL_TRACES_MAX 256

enum control_outcome {
    CONTROL_NONE, /**< the guest has not said how it ends */
    CONTROL_EXIT, /**< status is valid */
    CONTROL_REBOOT,
    CONTROL_CRASH, /**< the dump is valid */
    CONTROL_HOST,  /**< of the dump, the message is valid */
};

struct control_register {
    char name[CONTROL_NAME_MAX];
    uint64_t value;
};

struct control_trace {
    char name[CONTROL_TRACE_NAME_MAX]; /**< may hold anything but 0 */
    uint64_t time, a, b;               /**< time in ns since the guest's start */
};

/** A crash dump. What did not fit is counted, not kept: of trace events the newest are kept. */
struct control_dump {
    char message[PV_CONTROL_LINE_MAX];
    size_t message_length;
    struct control_register reg[CONTROL_REGISTERS_MAX];
    uint64_t frame[CONTROL_FRAMES_MAX];
    struct control_trace trace[CONTROL_TRACES_MAX]; /**< a ring: number i is at i % CONTROL_TRACES_MAX */
    size_t regs, frames, traces;                    /**< as many as the guest sent */
    bool complete;                                  /**< the end line was seen */
};

struct control {
    char line[PV_CONTROL_LINE_MAX];
    size_t length;
    bool overlong; /**< inside a line that is too long: dropped up to its end */
    enum control_outcome outcome;
    unsigned status; /**< 0..255, of CONTROL_EXIT */
    struct control_dump dump;
};

void control_init(struct control *control);
void control_feed(struct control *control, const char *bytes, size_t length);

/** Add a register or a frame to a dump as the lines do; also used for dumps that pvrun itself collects. */
void control_add_register(struct control_dump *dump, const char *name, size_t length, uint64_t value);
void control_add_frame(struct control_dump *dump, uint64_t address);

#endif
