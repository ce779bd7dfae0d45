/* SPDX-License-Identifier: MIT */
/*
 * The files of this folder hold pairs of functions for 22-zero-overhead.sh: op_NAME uses the inline native
 * op, ref_NAME the bare instruction as a kernel without pvops has it. Both must compile to the same code.
 * Nothing here is linked or run.
 *
 * The references are written from the "Native:" lines of the interface, not from the backend. Where an op is
 * one straight line, the script also holds the list of its instructions, so that both sides cannot be wrong
 * together.
 */
#ifndef ZERO_OVERHEAD_BARE_H
#define ZERO_OVERHEAD_BARE_H

#include <pvops/pvops.h>

#define FLAG_IF (1UL << 9)
#define DIRECT 0xffff800000000000UL
#define KERNEL 0xffffffff80000000UL

/* The instructions, as headers of kernels have them. */
#define BARE static inline __attribute__((always_inline, unused))

BARE uint64_t flags_read(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
    return flags;
}

BARE void cli(void)
{
    __asm__ volatile("cli" ::: "memory");
}

BARE void sti(void)
{
    __asm__ volatile("sti" ::: "memory");
}

BARE void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

BARE uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

BARE void invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

#endif
