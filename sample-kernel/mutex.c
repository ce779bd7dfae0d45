/* SPDX-License-Identifier: MIT */
/*
 * A lock to sleep with: for work that takes long, waits, or touches user memory (console.c, pipe.c). Made of
 * a short lock and a queue, like everything here that waits.
 */
#include "sched.h"

int mutex_lock(struct mutex *mutex)
{
    pv_irq_flags_t flags = lock_acquire(&mutex->lock);
    int error = 0;

    while (mutex->held && error == 0)
        error = sched_sleep(&mutex->waiters, &mutex->lock);
    if (error == 0)
        mutex->held = true;
    lock_release(&mutex->lock, flags);
    return error;
}

void mutex_unlock(struct mutex *mutex)
{
    pv_irq_flags_t flags = lock_acquire(&mutex->lock);

    mutex->held = false;
    sched_wake(&mutex->waiters); /* all: the one we would choose may have been killed */
    lock_release(&mutex->lock, flags);
}
