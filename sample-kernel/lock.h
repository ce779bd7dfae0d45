/* SPDX-License-Identifier: MIT */
/*
 * Locks that are held for a few instructions, with interrupts off. They keep interrupt handlers out on one
 * CPU, and would keep other CPUs out as well. Who has to wait longer, or must be able to touch user memory
 * meanwhile, takes a mutex (sched.h).
 *
 * Rules: no sleep and no user copy while a lock is held, but for sched_sleep(), which gives it up. Order,
 * from the outside to the inside: pipe, file or console lock, then sched_lock, then the page allocator's.
 */
#ifndef SAMPLE_LOCK_H
#define SAMPLE_LOCK_H

#include "kernel.h"

struct lock {
    unsigned char held;
};

/* Interrupts are off already. */
static inline void lock_take(struct lock *lock)
{
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
        CHECK(pv_cpu_count() > 1); /* else its holder can never go on */
        pv_cpu_relax();
    }
}

static inline void lock_drop(struct lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/* Switch interrupts off, take the lock, and return how the flag was: for lock_release(). */
static inline pv_irq_flags_t lock_acquire(struct lock *lock)
{
    pv_irq_flags_t flags = pv_irq_save();

    lock_take(lock);
    return flags;
}

static inline void lock_release(struct lock *lock, pv_irq_flags_t flags)
{
    lock_drop(lock);
    pv_irq_restore(flags);
}

#endif
