/* SPDX-License-Identifier: MIT */
/* Native half of pvops/cpu.h. */
#ifndef PVOPS_BACKEND_CPU_H
#define PVOPS_BACKEND_CPU_H

#include <pvops/types.h>

/* A descriptor of each CPU's own GDT whose limit is the CPU's number: no memory and no MSR is read. */
#define PV_NATIVE_SELECTOR_CPU 0x20

#define PV_NATIVE_MSR_FS_BASE 0xc0000100u
#define PV_NATIVE_MSR_GS_BASE 0xc0000101u
#define PV_NATIVE_MSR_KERNEL_GS_BASE 0xc0000102u

PV_INLINE unsigned pv_cpu_id(void)
{
    unsigned id;

    __asm__ volatile("lsl %1, %0" : "=r"(id) : "r"(PV_NATIVE_SELECTOR_CPU) : "cc");
    return id;
}

PV_INLINE void pv_cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

PV_INLINE void pv_cpu_idle(void)
{
    /* sti holds interrupts off for one more instruction (SDM vol. 2, STI): none can come before the hlt. */
    __asm__ volatile("sti; hlt" ::: "memory");
}

PV_INLINE uint64_t pv_cpu_cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

PV_INLINE void pv_native_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

PV_INLINE uint64_t pv_native_rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

PV_INLINE void pv_cpu_base_set(void *base)
{
    pv_native_wrmsr(PV_NATIVE_MSR_GS_BASE, (uint64_t)base);
}

PV_INLINE void *pv_cpu_base(void)
{
    return (void *)pv_native_rdmsr(PV_NATIVE_MSR_GS_BASE);
}

PV_INLINE void pv_cpu_user_tls_set(pv_va_t base)
{
    pv_native_wrmsr(PV_NATIVE_MSR_FS_BASE, base);
}

PV_INLINE pv_va_t pv_cpu_user_tls(void)
{
    return pv_native_rdmsr(PV_NATIVE_MSR_FS_BASE);
}

#endif
