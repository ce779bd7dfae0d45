/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup user User programs
 * For user programs, not for kernels: system calls that are fast on every backend.
 *
 * The gate page at PV_USER_GATE is mapped in every address space. It is entered by `call` and does what a
 * `syscall` instruction does: the kernel sees the frame of a `syscall` inside the page, with rip at the
 * gate's `ret`. `syscall` and `int n` written out work on every backend too; on some the gate is faster.
 *
 * Registers: rax number and result; arguments in rdi, rsi, rdx, r10, r8, r9 (as on Linux); rcx and r11 are
 * lost. A gate call may also clobber vector registers and the arithmetic flags. (On posix the gate finds its
 * save area by the GS base: a program that changes GS breaks its own gate, nothing else.)
 * @{
 */
#ifndef PVOPS_USER_H
#define PVOPS_USER_H

/** Address of the gate page, the same in pvops/mmu.h. */
#ifndef PV_USER_GATE
#define PV_USER_GATE 0x7e0000000000UL
#endif

/**
 * A system call through the gate page.
 *
 * @param nr     number, passed in rax
 * @param a0-a5  arguments
 * @return       what the kernel left in rax
 */
static inline long pv_user_syscall(long nr, long a0, long a1, long a2, long a3, long a4, long a5)
{
    register long r10 __asm__("r10") = a3;
    register long r8 __asm__("r8") = a4;
    register long r9 __asm__("r9") = a5;
    unsigned long gate = PV_USER_GATE;

    /* The call pushes below rsp: step over the red zone that user code may have there. */
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "call *%%rcx\n\t"
                     "lea 128(%%rsp), %%rsp"
                     : "+a"(nr), "+r"(r10), "+r"(r8), "+r"(r9), "+D"(a0), "+S"(a1), "+d"(a2),
                       "+c"(gate)
                     :
                     : "r11", "memory", "cc"
#ifdef __SSE__
                       ,
                       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#endif
    );
    return nr;
}

/** @} */
#endif
