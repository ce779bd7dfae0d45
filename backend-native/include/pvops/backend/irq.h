/* SPDX-License-Identifier: MIT */
/* Native half of pvops/irq.h: the flag is rflags.IF. */
#ifndef PVOPS_BACKEND_IRQ_H
#define PVOPS_BACKEND_IRQ_H

#include <pvops/types.h>

#define PV_NATIVE_IF (1UL << 9)

PV_INLINE pv_irq_flags_t pv_irq_save(void)
{
    pv_irq_flags_t flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return flags;
}

PV_INLINE bool pv_irq_flags_enabled(pv_irq_flags_t flags)
{
    return (flags & PV_NATIVE_IF) != 0;
}

PV_INLINE void pv_irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

PV_INLINE void pv_irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

/* popfq would be exact in every case, at about ten times the cost of a test and a rare sti. */
PV_INLINE void pv_irq_restore(pv_irq_flags_t flags)
{
    if (pv_irq_flags_enabled(flags))
        pv_irq_enable();
}

PV_INLINE bool pv_irq_enabled(void)
{
    pv_irq_flags_t flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
    return pv_irq_flags_enabled(flags);
}

PV_INLINE void pv_irq_window(void)
{
    /* Interrupts are taken after the nop: sti holds them off for one instruction. */
    __asm__ volatile("sti; nop; cli" ::: "memory");
}

#endif
