/* SPDX-License-Identifier: MIT */
/*
 * Hostile user code under a kernel that behaves: what the files user-*.c share.
 *
 * The kernel is built of the conformance suite's support files (tests/conform/conform.h: tests, traps,
 * pages, tables, user spaces) and main.c of this folder. Each test lets user code do its worst and asserts
 * how that arrives: as which trap, with which registers. A second program, the victim, lives beside it all
 * the time; each test ends by running it and by looking at every byte that it has and at a secret of the
 * kernel's.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "conform.h"
#include "shared.h"
#include "stub-layout.h"

/* A set of vectors, for outcomes that depend on the CPU's maker. */
#define ON(vector) (1UL << (vector))
#define ON_SYSCALL (1UL << 62)
#define ON_TIMER (1UL << 61)
#define ON_FAULT (ON(PV_EXCEPTION_GP) | ON(PV_EXCEPTION_PF) | ON(PV_EXCEPTION_UD) | ON(PV_EXCEPTION_SS))
/* All that user code can raise. */
#define ON_ANY (ON_SYSCALL | ON_TIMER | (ON(PV_EXCEPTION_XM + 1) - 1))

/* The victim, the attacker's space and the secret; at the begin of a test. The attacker runs the blob. */
extern struct conform_user attack_user;
void attack_begin(const char *start, const char *end);
#define ATTACK_BEGIN(name) attack_begin(name##_start, name##_end)
/* At the end of a test: nobody else was hurt. */
void attack_end(void);

/* The bytes that no user code may see: 64, in the kernel's memory only. */
bool attack_is_secret(uint64_t word);

/*
 * Run the frame in the attacker's space until its next trap, or for a while. Gives the trap's ON_x; a trap
 * that user code cannot raise is 0.
 */
uint64_t attack_run(struct pv_frame *frame);
void attack_patience(uint64_t ns); /* how long: 3 ms at the begin of a test */
/*
 * A frame at the label, rsp in the data page's upper half; run it and check that the outcome is in the set.
 */
#define ATTACK_GIVES(frame, set) attack_gives((frame), (set), __FILE__, __LINE__)
bool attack_gives(struct pv_frame *frame, uint64_t set, const char *file, int line);
void attack_frame(struct pv_frame *frame, const char *label);

#endif
