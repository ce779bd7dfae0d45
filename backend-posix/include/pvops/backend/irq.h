/* SPDX-License-Identifier: MIT */
/*
 * Posix half of pvops/irq.h: the flag is a word of the ABI page, which the signal handler looks at. It runs on
 * this thread, so plain stores and loads in program order are enough; the compiler has to keep that order.
 */
#ifndef PVOPS_BACKEND_IRQ_H
#define PVOPS_BACKEND_IRQ_H

#include <pvops/backend/abi.h>

PV_INLINE bool pv_irq_flags_enabled(pv_irq_flags_t flags)
{
    return flags != 0;
}

PV_INLINE bool pv_irq_enabled(void)
{
    return pv_posix_abi.irq_on != 0;
}

PV_INLINE void pv_irq_disable(void)
{
    pv_posix_abi.irq_on = 0;
    __asm__ volatile("" ::: "memory");
}

PV_INLINE pv_irq_flags_t pv_irq_save(void)
{
    pv_irq_flags_t flags = pv_posix_abi.irq_on;

    pv_irq_disable();
    return flags;
}

PV_INLINE void pv_irq_enable(void)
{
    __asm__ volatile("" ::: "memory");
    pv_posix_abi.irq_on = 1;
    if (__builtin_expect(pv_posix_abi.pending != 0, 0))
        __asm__ volatile("call pv_posix_deliver" ::: "memory", "cc");
}

PV_INLINE void pv_irq_restore(pv_irq_flags_t flags)
{
    if (pv_irq_flags_enabled(flags))
        pv_irq_enable();
}

PV_INLINE void pv_irq_window(void)
{
    pv_irq_enable();
    pv_irq_disable();
}

#endif
