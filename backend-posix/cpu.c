/* SPDX-License-Identifier: MIT */
/*
 * The CPU as user mode sees it. The user FPU state is where the space's thread is; the monitor fetches and
 * places it when asked.
 */
#include "posix.h"

#define CPUID1_ECX_XSAVE (1u << 26)
#define CPUID1_ECX_RDRAND (1u << 30)
#define CPUID7_EBX_AVX512F (1u << 16)
#define CPUID_STEADY_TSC (1u << 8)
#define XSTATE_AVX 0x4u
#define XSTATE_AVX512 0xe0u
#define FCW_OFFSET 0
#define MXCSR_OFFSET 24
#define FCW_INITIAL 0x37f
#define MXCSR_INITIAL 0x1f80

static void *gs_base;

static uint32_t cpuid(uint32_t leaf, unsigned reg)
{
    uint32_t out[4];

    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf & 0x80000000), "c"(0));
    if (out[0] < leaf)
        return 0;
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
    return out[reg];
}

bool pv_cpu_has(enum pv_cpu_feature feature)
{
    switch (feature) {
    case PV_CPU_XSAVE:
        return (cpuid(1, 2) & CPUID1_ECX_XSAVE) != 0;
    case PV_CPU_AVX:
        return (pv_posix_abi.fpu_mask & XSTATE_AVX) != 0;
    case PV_CPU_AVX512:
        return (pv_posix_abi.fpu_mask & XSTATE_AVX512) == XSTATE_AVX512 && (cpuid(7, 1) & CPUID7_EBX_AVX512F) != 0;
    case PV_CPU_SMEP:
        return false; /* a fetch from a user page that this process has mapped would work */
    case PV_CPU_RDRAND:
        return (cpuid(1, 2) & CPUID1_ECX_RDRAND) != 0;
    case PV_CPU_STEADY_TSC:
        return (cpuid(0x80000007, 3) & CPUID_STEADY_TSC) != 0;
    }
    return false;
}

unsigned pv_cpu_count(void)
{
    return 1;
}

void pv_cpu_park(void)
{
    pv_irq_disable();
    for (;;)
        posix_tell(PV_POSIX_CALL_PARK, 0, 0);
}

void pv_posix_idle(void)
{
    /* With the flag off nothing is delivered before the monitor looks at `pending`, which it does atomically. */
    posix_tell(PV_POSIX_CALL_IDLE, 0, 0);
    pv_irq_enable();
}

void pv_posix_base_set(void *base)
{
    gs_base = base;
    if (pv_posix_abi.fsgsbase)
        __asm__ volatile("wrgsbase %0" ::"r"(base) : "memory");
    else
        posix_tell(PV_POSIX_CALL_BASE_SET, (uint64_t)base, 0);
}

void *pv_posix_base(void)
{
    return gs_base;
}

size_t pv_cpu_fpu_size(void)
{
    return pv_posix_abi.fpu_size;
}

void pv_cpu_fpu_save(void *area)
{
    posix_tell(PV_POSIX_CALL_FPU_SAVE, (uint64_t)area, 0);
}

void pv_cpu_fpu_restore(const void *area)
{
    while (pv_posix_call(PV_POSIX_CALL_FPU_RESTORE, (uint64_t)area, 0, 0) != 0)
        posix_general_protection(); /* as xrstor: a handler that returns has mended it */
}

void pv_cpu_fpu_init(void *area)
{
    memset(area, 0, pv_posix_abi.fpu_size);
    *(uint16_t *)((char *)area + FCW_OFFSET) = FCW_INITIAL;
    *(uint32_t *)((char *)area + MXCSR_OFFSET) = MXCSR_INITIAL;
}
