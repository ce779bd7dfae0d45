/* SPDX-License-Identifier: MIT */
/* Between fp.c and fp-state.S: the floating-point and vector registers as memory. */
#ifndef USER_FP_H
#define USER_FP_H

#include "lib.h"

struct fp_state {
    unsigned char vectors[16][32]; /* xmm0..15, or ymm0..15 where the CPU has them */
    double x87[4];                 /* st(0)..st(3) */
    uint32_t mxcsr;
    uint16_t control; /* x87 control word */
    uint16_t unused;
    uint32_t wide; /* 1: the CPU has ymm registers (set by the caller) */
    uint32_t unused2;
};

_Static_assert(offsetof(struct fp_state, x87) == 512 && offsetof(struct fp_state, mxcsr) == 544 &&
                   offsetof(struct fp_state, control) == 548 && offsetof(struct fp_state, wide) == 552,
               "the assembly's layout");

/* Load all registers from before, make a system call by `syscall` (which keeps them), spin for so many turns,
 * and store all registers to after. Returns the call's result. In between there is nothing but the kernel's
 * doing that could change a register. The caller sets wide in both. */
long fp_across(const struct fp_state *before, struct fp_state *after, long nr, unsigned long spin);

/* The registers as they are. */
void fp_store(struct fp_state *state);

#endif
