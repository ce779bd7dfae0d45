/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup irq Interrupts
 * The interrupt flag of this CPU and the interrupt lines of the machine.
 *
 * Contract of the flag: after it is enabled, what is pending is delivered at the latest after one further
 * instruction of the guest; pv_irq_window() forces delivery. Trap handlers start with the flag off.
 *
 * Contract of lines: a line delivers PV_VECTOR_LINE(line) to the CPU that attached it, at least once after
 * the last event of its device. A line in service (between its delivery and pv_irq_eoi()) or masked is not
 * delivered; it remembers instead, and delivers after the eoi or unmask. Drivers look at their device again
 * after both. Which line a device has is told by the device's group (pv_console_line()).
 * @{
 */
#ifndef PVOPS_IRQ_H
#define PVOPS_IRQ_H

#include <pvops/types.h>

PV_BEGIN_DECLS

/** The saved state of the interrupt flag; only pv_irq_restore() and pv_irq_flags_enabled() look into it. */
typedef uint64_t pv_irq_flags_t;

/** Lines are numbered 0..PV_IRQ_LINES-1. */
#define PV_IRQ_LINES 32

/**
 * Disable interrupts and return how the flag was. Pairs nest.
 * Native: `pushfq; pop; cli`. Context: kernel.
 */
PV_INLINE pv_irq_flags_t pv_irq_save(void);

/**
 * Enable interrupts again if they were enabled at the pv_irq_save() that gave @a flags.
 * Native: `sti`, conditionally. Context: kernel, interrupts off.
 */
PV_INLINE void pv_irq_restore(pv_irq_flags_t flags);

/** Enable interrupts. Native: `sti`. Context: kernel, on a stack that may take a frame. */
PV_INLINE void pv_irq_enable(void);

/** Disable interrupts. Native: `cli`. Context: kernel. */
PV_INLINE void pv_irq_disable(void);

/** Whether interrupts are enabled. Native: `pushfq; pop`. Context: kernel. */
PV_INLINE bool pv_irq_enabled(void);

/** Whether @a flags say that interrupts were enabled. Context: any. */
PV_INLINE bool pv_irq_flags_enabled(pv_irq_flags_t flags);

/**
 * Let in all interrupts that are pending, and return with interrupts disabled.
 * Native: `sti; nop; cli`. Context: kernel, interrupts off.
 */
PV_INLINE void pv_irq_window(void);

/**
 * Route a line to this CPU. It starts masked and empty.
 *
 * @param line  0..PV_IRQ_LINES-1
 * @return      0, -PV_EINVAL: no such line on this machine, -PV_EBUSY: attached already
 *
 * Trigger mode and polarity are the backend's to know. Context: kernel.
 */
int pv_irq_attach(unsigned line);

/** Give a line up: masks it and forgets what it remembered. Context: kernel. */
void pv_irq_detach(unsigned line);

/** Stop the delivery of an attached line; events are remembered. Context: kernel. */
void pv_irq_mask(unsigned line);

/** Allow the delivery of an attached line; a remembered event is delivered now. Context: kernel. */
void pv_irq_unmask(unsigned line);

/**
 * End the service of a line. Every delivery needs one; it may be called at any time after, also outside the
 * handler. Context: kernel.
 */
void pv_irq_eoi(unsigned line);

/**
 * Make an attached line deliver once as if its device had an event: to look at a device again from its own
 * handler, and for tests. Context: kernel.
 *
 * @return  0, -PV_EINVAL: not attached
 */
int pv_irq_raise(unsigned line);

PV_END_DECLS

/** @} */
#include <pvops/backend/irq.h>
#endif
