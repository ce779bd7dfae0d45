/* SPDX-License-Identifier: MIT */
/*
 * Included by every file of the kernel but the ones that also run on the host: the pvops interface, the ABI
 * of user programs, and how the kernel speaks and dies. Read next: main.c.
 */
#ifndef SAMPLE_KERNEL_H
#define SAMPLE_KERNEL_H

#include <pvops/pvops.h>

#include "abi.h"
#include "klib.h"

/*
 * Print to the console, from any context but with sched_lock or the console's lock held. Knows %s %d %u %x,
 * %lu and %lx, and %%. Text is cut at 256 bytes. Waits, without sleeping, until it has a place in the
 * console's ring: nothing is lost.
 */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Let the console have all that was printed, then end the machine. */
PV_NORETURN void kernel_off(unsigned status);
PV_NORETURN void kernel_crash(const char *message, const struct pv_frame *frame);

/* What must be so whatever users do; anything else is an error of the kernel itself. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            kernel_crash("expected: " #condition, NULL);                                                     \
    } while (0)

#endif
