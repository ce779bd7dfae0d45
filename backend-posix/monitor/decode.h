/* SPDX-License-Identifier: MIT */
/* Between run.c, which lets user code run, and decode.c, which says why it has stopped. */
#ifndef PVOPS_POSIX_DECODE_H
#define PVOPS_POSIX_DECODE_H

#include "monitor.h"

enum outcome {
    OUTCOME_TRAP,   /* the frame is filled */
    OUTCOME_RESUME, /* run_user_frame is what goes on */
    OUTCOME_STUB,   /* the stub was met at work: it goes on with the frame and run_stub_fpu */
    OUTCOME_BAD     /* nothing that a space does by the rules */
};

/* run.c: the registers last given to user code; where a kick that met the stub has left the FPU state. */
extern struct pv_frame run_user_frame;
extern uint64_t run_stub_fpu;

enum outcome decode_report(struct space *space, const struct report *report, struct pv_frame *f);
void frame_sanitize(struct pv_frame *f); /* what user code must not choose: selectors, flags */
void frame_set_trap(struct pv_frame *f, uint64_t vector, uint64_t error);

#endif
