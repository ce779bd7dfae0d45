/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/cpu.h: what an instruction of user mode can do is that instruction. */
#ifndef PVOPS_BACKEND_CPU_H
#define PVOPS_BACKEND_CPU_H

#include <pvops/backend/abi.h>

PV_BEGIN_DECLS
void pv_posix_idle(void);
void pv_posix_base_set(void *base);
void *pv_posix_base(void);
PV_END_DECLS

PV_INLINE unsigned pv_cpu_id(void)
{
    return 0; /* Limit: one vcpu */
}

PV_INLINE void pv_cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

PV_INLINE void pv_cpu_idle(void)
{
    pv_posix_idle();
}

PV_INLINE uint64_t pv_cpu_cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

PV_INLINE void pv_cpu_base_set(void *base)
{
    pv_posix_base_set(base);
}

PV_INLINE void *pv_cpu_base(void)
{
    return pv_posix_base();
}

PV_INLINE void pv_cpu_user_tls_set(pv_va_t base)
{
    pv_posix_abi.user_tls = base;
}

PV_INLINE pv_va_t pv_cpu_user_tls(void)
{
    return pv_posix_abi.user_tls;
}

#endif
