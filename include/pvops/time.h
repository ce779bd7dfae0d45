/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup time Time
 * The clocks, and one timer per CPU.
 *
 * Contract. Times are nanoseconds in 64 bits. The timer delivers PV_VECTOR_TIMER on the CPU that set it and
 * needs no eoi. A one-shot never comes early and comes eventually. Periods that pass while the guest cannot
 * take the interrupt are delivered as one interrupt with a count (pv_time_periods()).
 * @{
 */
#ifndef PVOPS_TIME_H
#define PVOPS_TIME_H

#include <pvops/types.h>

PV_BEGIN_DECLS

#define PV_NS_PER_US 1000UL
#define PV_NS_PER_MS 1000000UL
#define PV_NS_PER_S 1000000000UL

/** Shortest period of pv_time_periodic(), ns. */
#define PV_TIME_PERIOD_MIN 100000UL

/** Monotonic time since some point before boot, ns. The same on all CPUs; never runs backwards. Context: any. */
uint64_t pv_time_now(void);

/** Time since 1970-01-01 00:00 UTC without leap seconds, ns; 0 without PV_FEATURE_WALL_CLOCK. Context: any. */
uint64_t pv_time_wall(void);

/** Time since boot that the host did not let this CPU run although it wanted to, ns; 0 without PV_FEATURE_STEAL. */
uint64_t pv_time_steal(void);

/**
 * Ask for one timer interrupt.
 *
 * @param deadline  on the clock of pv_time_now(), ns; a deadline that has passed fires at once
 *
 * Replaces what was set before on this CPU; an interrupt of the older setting that is pending may still come,
 * so handlers look at the clock. Context: kernel.
 */
void pv_time_oneshot(uint64_t deadline);

/**
 * Ask for a timer interrupt every @a period ns from now on; less than PV_TIME_PERIOD_MIN counts as that.
 * Replaces what was set before on this CPU. Context: kernel.
 */
void pv_time_periodic(uint64_t period);

/** Stop the timer of this CPU. An interrupt that is pending may still come once. Context: kernel. */
void pv_time_stop(void);

/**
 * Periods that have passed since the last call or since pv_time_periodic(), taken at the last timer interrupt:
 * in a timer handler 1, or more when periods were missed. 0 when called again, or when no period runs.
 * Context: kernel, interrupts off.
 */
uint64_t pv_time_periods(void);

PV_END_DECLS

/** @} */
#include <pvops/backend/time.h>
#endif
