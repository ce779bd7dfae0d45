/* SPDX-License-Identifier: MIT */
/*
 * Between step.c (host) and step-guest.c (guest): words behind the ABI page's fields, which nobody else
 * uses. The guest sets `begin` and executes int3, which the tracer keeps for itself: from there it
 * single-steps to the place where it injects; the next int3 ends the round.
 */
#ifndef PVOPS_TESTS_STEP_H
#define PVOPS_TESTS_STEP_H

#include <stdint.h>

#define STEP_WORDS 0xf00 /* offset in the ABI page */
#define STEP_LINE 9

/* What happens besides the injection. */
#define STEP_FIRST 1u /* a line is raised by a signal at the beginning already */
#define STEP_WAKE 2u  /* a sleep is ended by a signal, and stepping goes on */
#define STEP_WAIT 4u  /* places count from monitor_wait() on, and there are STEP_PLACES of them at most */

#define STEP_PLACES 120u

struct step_words {
    volatile uint32_t begin;    /* guest: the next int3 begins (1) or ends (0) */
    volatile uint32_t flags;    /* guest */
    volatile uint32_t injected; /* tracer: signals with something pending in this round */
    volatile uint32_t last;     /* tracer: every place has been tried */
    volatile uint32_t restart;  /* guest: the first round of a scenario */
};

#endif
