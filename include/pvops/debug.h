/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup debug Debug
 * Output that works at any time, breakpoints, and what the backend noticed.
 * @{
 */
#ifndef PVOPS_DEBUG_H
#define PVOPS_DEBUG_H

#include <pvops/types.h>

PV_BEGIN_DECLS

/**
 * Write to the console from anywhere: before pv_kernel_main, in any handler, with any lock held. Waits until
 * the bytes are taken; may come out in the middle of the console's own output. Context: any.
 */
void pv_debug_write(const char *data, size_t size);

/** Write a terminated string by pv_debug_write(). Context: any. */
void pv_debug_puts(const char *text);

/** A breakpoint: #BP (vector 3) with rip behind it, or the debugger's prompt. Native: `int3`. Context: kernel. */
PV_INLINE void pv_debug_break(void);

/**
 * Remember an event: the last PV_DEBUG_TRACE_EVENTS of a CPU are shown by a crash dump.
 *
 * @param name  a string that stays (a literal); at most 31 characters are shown
 * @param a,b   values to show
 *
 * Context: any. Costs a clock read and four stores.
 */
void pv_debug_trace(const char *name, uint64_t a, uint64_t b);

#define PV_DEBUG_TRACE_EVENTS 32

/** What the backend counts, since boot. */
enum pv_debug_counter {
    PV_DEBUG_TIMER = 0,    /**< timer interrupts delivered to the kernel */
    PV_DEBUG_TIMER_EARLY,  /**< expiries of the hardware timer that came too early and were not delivered */
    PV_DEBUG_LINE,         /**< line interrupts delivered to the kernel */
    PV_DEBUG_LINE_HELD,    /**< line events that were remembered because the line was masked or in service */
    PV_DEBUG_SPURIOUS,     /**< interrupts without a cause */
    PV_DEBUG_USER_REFUSED, /**< user frames that the machine refused to return to */
    PV_DEBUG_COUNTERS
};

/** A counter of this CPU; 0 for one that the backend does not have. Context: any. */
uint64_t pv_debug_counter(enum pv_debug_counter counter);

PV_END_DECLS

/** @} */
#include <pvops/backend/debug.h>
#endif
