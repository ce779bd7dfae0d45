/* SPDX-License-Identifier: MIT */
/*
 * User contexts with an FPU state of their own: what the fpu group is written in. A context is an address
 * space and a state that its user code loads into the registers, x87, SSE and as much of AVX as the CPU has.
 */
#ifndef CONFORM_FPU_STATE_H
#define CONFORM_FPU_STATE_H

#include "conform.h"

#define FPU_VECTORS 32
#define FPU_AREA_MAX 16384

/* The first 512 bytes are FXSAVE's (SDM vol. 1, 10.5.1). */
struct fpu_image {
    uint16_t fcw, fsw;
    uint8_t ftw, zero;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    struct {
        uint64_t mantissa;
        uint16_t exponent;
        uint16_t unused[3];
    } st[8];
    uint64_t xmm[16][2];
    uint64_t rest[12];
};

/* What user code loads and stores: an image, and vectors of 64 bytes of which the CPU has 32 or all. */
struct fpu_state {
    struct fpu_image image;
    uint64_t vector[FPU_VECTORS][8];
};

struct fpu_context {
    struct conform_user user;
    pv_pa_t in, out; /* pages of user memory: a struct fpu_state each */
    unsigned char *area;
};

/* Make a context; `area` has FPU_AREA_MAX bytes, 64-byte aligned, and gets the initial state. */
void fpu_context_make(struct fpu_context *context, unsigned char *area);
/* The state that its user code loads, and the one that it stored last. */
struct fpu_state *fpu_in(const struct fpu_context *context);
struct fpu_state *fpu_out(const struct fpu_context *context);

/* Pseudo-random, but valid and with all x87 registers in use. */
void fpu_random(struct fpu_state *state);
/* Load the root and run the context's user code until it has loaded *fpu_in(), or stored to *fpu_out(). */
void fpu_user_load(const struct fpu_context *context);
void fpu_user_store(const struct fpu_context *context);
/*
 * Load, then int FPU_GATE, syscall, a read of FPU_FAULT_VA, a wait for *fpu_flag() to be set, then store. The
 * handler of the test has to answer these.
 */
void fpu_user_events(const struct fpu_context *context);
volatile uint64_t *fpu_flag(const struct fpu_context *context);
#define FPU_GATE 0x41
#define FPU_FAULT_VA 0x700000UL

/* Whether what was stored is this state, in all that the CPU has; differences are shown as failed checks. */
bool fpu_is(const struct fpu_context *context, const struct fpu_state *state);
bool fpu_is_initial(const struct fpu_context *context);

#endif
