/* SPDX-License-Identifier: MIT */
/*
 * Where things are in the gate page and the stub page: stub.S is laid out to these numbers (.org, which fails
 * to assemble when code outgrows its place), the space's filter compares with them, and the monitor, which is
 * a separate image, interprets signals by them (posix_where below). Next: stub.S.
 *
 * The host kernel tells a system call by the address behind its instruction: the ..._REPLY and ORDERED
 * addresses are those.
 */
#ifndef PVOPS_POSIX_STUB_LAYOUT_H
#define PVOPS_POSIX_STUB_LAYOUT_H

#include "shared.h"

/* Gate page. `call POSIX_GATE_PAGE` enters at its first byte. */
#define POSIX_GATE_PUSHED (POSIX_GATE_PAGE + 0x01) /* pushfq is done: rsp is 8 lower */
#define POSIX_GATE_CLOBBER (POSIX_GATE_PAGE + 0x98) /* all is saved; from here registers are overwritten */
#define POSIX_GATE_REPLY (POSIX_GATE_PAGE + 0xa7)   /* behind the report's syscall instruction */
#define POSIX_GATE_END (POSIX_GATE_PAGE + 0xb0)
#define POSIX_GATE_RET (POSIX_GATE_PAGE + 0xc0) /* the `ret`: rip of the frame of a gate call */

/* Stub page. */
#define POSIX_STUB_SIGNAL (POSIX_STUB_PAGE + 0x000) /* signal entry */
#define POSIX_STUB_REPLY (POSIX_STUB_PAGE + 0x027)  /* behind the report's syscall instruction */
#define POSIX_STUB_READY_REPLY (POSIX_STUB_PAGE + 0x067)
#define POSIX_STUB_ORDERS (POSIX_STUB_PAGE + 0x0a0)
#define POSIX_STUB_ORDERED (POSIX_STUB_PAGE + 0x0dd) /* behind the orders' syscall instruction */
#define POSIX_STUB_RESUME (POSIX_STUB_PAGE + 0x120)  /* [RESUME, RESUME_END): area.resume is being loaded */
#define POSIX_STUB_RESUME_LOADED (POSIX_STUB_PAGE + 0x146) /* the FPU state is loaded, rsp not yet moved */
#define POSIX_STUB_RESUME_END (POSIX_STUB_PAGE + 0x190)
#define POSIX_STUB_DIE (POSIX_STUB_PAGE + 0x190)
#define POSIX_STUB_FINISH (POSIX_STUB_PAGE + 0x200) /* last part of a space's start, not used afterwards */
#define POSIX_STUB_FILTER (POSIX_STUB_PAGE + 0x800) /* the filter's program: read-only there */

#ifndef __ASSEMBLER__

enum posix_where {
    POSIX_WHERE_USER,          /* plain user code: outside both pages, or at the gate's ret */
    POSIX_WHERE_GATE_BEGIN,    /* gate: the call can start again with the registers as they are */
    POSIX_WHERE_GATE_PUSHED,   /* the same, but rsp += 8 first */
    POSIX_WHERE_GATE_SAVED,    /* the same, but registers and flags are those of area.gate */
    POSIX_WHERE_RESUME,        /* resuming: registers are the last resumed, FPU state is fpu_from's */
    POSIX_WHERE_RESUME_LOADED, /* resuming: registers are the last resumed, FPU state is the signal frame's */
    POSIX_WHERE_STUB           /* elsewhere in the stub */
};

/*
 * What a signal at rip, with this rax, has interrupted.
 *
 * GATE: the context is that of user code about to start the gate: rip = POSIX_GATE_PAGE, rsp pointing at the
 * return address, FPU state in the signal frame; the same for kicks and for faults. Only #DB (single-stepped
 * user code) is different: resume exactly as reported, since a step that starts again would never end.
 *
 * RESUME: a kick changes nothing; where fpu_from was 0 the FPU state is the signal frame's too. A fault there
 * comes of what was resumed (FPU image, FS base, rip not canonical): it is the guest process's, #GP.
 *
 * STUB: for a kick, resume exactly as reported, FPU state from the signal frame; the report that was under
 * way (or its repetition) follows at once. That has to be bounded: user code can jump there and spin. A
 * fault or SIGSYS there is user code that has jumped into the stub.
 */
static inline enum posix_where posix_where(uint64_t rip, uint64_t rax)
{
    if (rip >= POSIX_GATE_PAGE && rip < POSIX_GATE_END) {
        if (rip == POSIX_GATE_PUSHED) {
            return POSIX_WHERE_GATE_PUSHED;
        }
        if (rip < POSIX_GATE_CLOBBER) {
            return POSIX_WHERE_GATE_BEGIN;
        }
        if (rip < POSIX_GATE_REPLY || rax == (uint64_t)-4) { /* not reported yet, or -EINTR: withdrawn */
            return POSIX_WHERE_GATE_SAVED;
        }
        return rax == POSIX_REPLY_RESUME ? POSIX_WHERE_RESUME : POSIX_WHERE_STUB;
    }
    if (rip >= POSIX_STUB_RESUME && rip < POSIX_STUB_RESUME_END) {
        return rip < POSIX_STUB_RESUME_LOADED ? POSIX_WHERE_RESUME : POSIX_WHERE_RESUME_LOADED;
    }
    if (rip >= POSIX_STUB_REPLY && rip < POSIX_STUB_ORDERS && rax == POSIX_REPLY_RESUME) {
        return POSIX_WHERE_RESUME;
    }
    if (rip >= POSIX_STUB_PAGE && rip < POSIX_STUB_PAGE + 0x1000) {
        return POSIX_WHERE_STUB;
    }
    return POSIX_WHERE_USER;
}

#endif
#endif
