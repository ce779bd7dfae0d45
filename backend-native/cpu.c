/* SPDX-License-Identifier: MIT */
/*
 * Control registers, CPU features and the user FPU state.
 *
 * native_cpu_init() is called by boot.c once per CPU. SDM vol. 3, 2.5 (control registers), vol. 1, chapter 13
 * (XSAVE).
 */
#include "native.h"

#define CR4_PGE (1UL << 7)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)

/* CPUID.1:ecx and CPUID.7:ebx */
#define CPUID1_ECX_XSAVE (1u << 26)
#define CPUID1_ECX_RDRAND (1u << 30)
#define CPUID1_ECX_AVX (1u << 28)
#define CPUID7_EBX_SMEP (1u << 7)
#define CPUID7_EBX_AVX512F (1u << 16)
#define CPUID_STEADY_TSC (1u << 8) /* 0x80000007:edx */

#define XCR0_X87_SSE 0x3u
#define XCR0_AVX 0x4u
#define XCR0_AVX512 0xe0u

#define FPU_LEGACY_SIZE 576u /* FXSAVE's 512 bytes and a header of zeros */
#define FPU_HEADER_OFFSET 512
#define FPU_HEADER_SIZE 64
#define FCW_OFFSET 0
#define MXCSR_OFFSET 24
#define FCW_INITIAL 0x37f
#define MXCSR_INITIAL 0x1f80

static uint32_t features;
static size_t fpu_size = FPU_LEGACY_SIZE;

static uint32_t cpuid(uint32_t leaf, uint32_t sub, unsigned reg)
{
    uint32_t out[4];

    native_cpuid(leaf & 0x80000000, 0, out);
    if (out[0] < leaf)
        return 0;
    native_cpuid(leaf, sub, out);
    return out[reg];
}

static void have(enum pv_cpu_feature feature, bool yes)
{
    if (yes)
        features |= 1u << feature;
}

/* Enable every state component of the user that this CPU has, up to AVX-512. */
static void init_xsave(void)
{
    uint32_t offered = cpuid(0xd, 0, 0), xcr0 = XCR0_X87_SSE;

    if (offered & XCR0_AVX)
        xcr0 |= XCR0_AVX;
    if ((offered & (XCR0_AVX | XCR0_AVX512)) == (XCR0_AVX | XCR0_AVX512))
        xcr0 |= XCR0_AVX512;
    __asm__ volatile("xsetbv" ::"c"(0), "a"(xcr0), "d"(0));
    fpu_size = (cpuid(0xd, 0, 1) + 63) & ~63UL;
    have(PV_CPU_XSAVE, true);
    have(PV_CPU_AVX, (xcr0 & XCR0_AVX) && (cpuid(1, 0, 2) & CPUID1_ECX_AVX));
    have(PV_CPU_AVX512, (xcr0 & XCR0_AVX512) && (cpuid(7, 0, 1) & CPUID7_EBX_AVX512F));
}

void native_cpu_init(void)
{
    bool xsave = (cpuid(1, 0, 2) & CPUID1_ECX_XSAVE) != 0;
    bool smep = (cpuid(7, 0, 1) & CPUID7_EBX_SMEP) != 0;
    uint64_t cr4;

    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    cr4 |= CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | (xsave ? CR4_OSXSAVE : 0) | (smep ? CR4_SMEP : 0);
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4) : "memory");
    if (xsave)
        init_xsave();
    have(PV_CPU_SMEP, smep);
    have(PV_CPU_RDRAND, (cpuid(1, 0, 2) & CPUID1_ECX_RDRAND) != 0);
    have(PV_CPU_STEADY_TSC, (cpuid(0x80000007, 0, 3) & CPUID_STEADY_TSC) != 0);
    pv_native_wrmsr(PV_NATIVE_MSR_FS_BASE, 0);
    pv_native_wrmsr(PV_NATIVE_MSR_GS_BASE, 0);
    pv_native_wrmsr(PV_NATIVE_MSR_KERNEL_GS_BASE, 0);
    __asm__ volatile("fninit");
}

bool pv_cpu_has(enum pv_cpu_feature feature)
{
    return (unsigned)feature < 32 && (features >> feature & 1) != 0;
}

unsigned pv_cpu_count(void)
{
    return 1;
}

void pv_cpu_park(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" ::: "memory");
}

size_t pv_cpu_fpu_size(void)
{
    return fpu_size;
}

void pv_cpu_fpu_save(void *area)
{
    /* xsave writes the header's first word only, xrstor wants the others to be 0 (SDM vol. 1, 13.7 and 13.8). */
    memset((char *)area + FPU_HEADER_OFFSET, 0, FPU_HEADER_SIZE);
    if (pv_cpu_has(PV_CPU_XSAVE))
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

void pv_cpu_fpu_restore(const void *area)
{
    if (pv_cpu_has(PV_CPU_XSAVE))
        __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

void pv_cpu_fpu_init(void *area)
{
    /* A header of zeros says "all components in their initial state"; the legacy fields serve fxrstor. */
    memset(area, 0, fpu_size);
    *(uint16_t *)((char *)area + FCW_OFFSET) = FCW_INITIAL;
    *(uint32_t *)((char *)area + MXCSR_OFFSET) = MXCSR_INITIAL;
}
