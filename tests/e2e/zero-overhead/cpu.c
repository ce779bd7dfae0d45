/* SPDX-License-Identifier: MIT */
/* Flag and CPU ops and their instructions. */
#include "bare.h"

uint64_t op_irq_save(void)
{
    return pv_irq_save();
}

uint64_t ref_irq_save(void)
{
    uint64_t flags = flags_read();

    cli();
    return flags;
}

void op_irq_restore(uint64_t flags)
{
    pv_irq_restore(flags);
}

void ref_irq_restore(uint64_t flags)
{
    if (flags & FLAG_IF)
        sti();
}

void op_irq_enable(void)
{
    pv_irq_enable();
}

void ref_irq_enable(void)
{
    sti();
}

void op_irq_disable(void)
{
    pv_irq_disable();
}

void ref_irq_disable(void)
{
    cli();
}

bool op_irq_enabled(void)
{
    return pv_irq_enabled();
}

bool ref_irq_enabled(void)
{
    return (flags_read() & FLAG_IF) != 0;
}

void op_irq_window(void)
{
    pv_irq_window();
}

void ref_irq_window(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory");
}

void op_cpu_idle(void)
{
    pv_cpu_idle();
}

void ref_cpu_idle(void)
{
    __asm__ volatile("sti; hlt" ::: "memory");
}

void op_cpu_relax(void)
{
    pv_cpu_relax();
}

void ref_cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

unsigned op_cpu_id(void)
{
    return pv_cpu_id();
}

unsigned ref_cpu_id(void)
{
    unsigned id;

    __asm__ volatile("lsl %1, %0" : "=r"(id) : "r"(0x20) : "cc");
    return id;
}

uint64_t op_cpu_cycles(void)
{
    return pv_cpu_cycles();
}

uint64_t ref_cpu_cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

void op_cpu_base_set(void *base)
{
    pv_cpu_base_set(base);
}

void ref_cpu_base_set(void *base)
{
    wrmsr(0xc0000101, (uint64_t)base);
}

void *op_cpu_base(void)
{
    return pv_cpu_base();
}

void *ref_cpu_base(void)
{
    return (void *)rdmsr(0xc0000101);
}

void op_cpu_user_tls_set(uint64_t base)
{
    pv_cpu_user_tls_set(base);
}

void ref_cpu_user_tls_set(uint64_t base)
{
    wrmsr(0xc0000100, base);
}

uint64_t op_cpu_user_tls(void)
{
    return pv_cpu_user_tls();
}

uint64_t ref_cpu_user_tls(void)
{
    return rdmsr(0xc0000100);
}
