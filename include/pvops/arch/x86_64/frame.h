/* SPDX-License-Identifier: MIT */
/** @file
 * @ingroup trap
 * x86-64: the trap frame, its selectors and flags, the exception vectors.
 *
 * The frame's last five words are what hardware pushes in 64-bit mode (SDM vol. 3, 6.14.2); the rest is
 * ordered so that pushes build it downwards.
 */
#ifndef PVOPS_ARCH_X86_64_FRAME_H
#define PVOPS_ARCH_X86_64_FRAME_H

#include <pvops/types.h>

/** The registers of interrupted code. All fields are valid in every frame, also for traps from kernel mode. */
struct pv_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector; /**< PV_VECTOR_x; ignored by pv_trap_return */
    uint64_t error;  /**< error code, 0 where the vector has none; ignored by pv_trap_return */
    uint64_t rip;    /**< where to go on */
    uint64_t cs;     /**< PV_SELECTOR_x; the low two bits are the privilege level */
    uint64_t rflags; /**< PV_RFLAGS_IF is the guest's interrupt flag */
    uint64_t rsp;    /**< stack pointer of the interrupted code */
    uint64_t ss;     /**< PV_SELECTOR_x, or 0 in kernel mode */
};

PV_STATIC_ASSERT(sizeof(struct pv_frame) == 22 * 8, "the frame is 22 words");
PV_STATIC_ASSERT(offsetof(struct pv_frame, rbp) == 8 * 8, "frame layout");
PV_STATIC_ASSERT(offsetof(struct pv_frame, vector) == 15 * 8, "frame layout");
PV_STATIC_ASSERT(offsetof(struct pv_frame, rip) == 17 * 8, "frame layout");
PV_STATIC_ASSERT(offsetof(struct pv_frame, ss) == 21 * 8, "frame layout");

/** @name Segment selectors, the same on all x86-64 backends
 * @{ */
#define PV_SELECTOR_KERNEL_CODE 0x10
#define PV_SELECTOR_KERNEL_DATA 0x18
#define PV_SELECTOR_USER_DATA 0x2b
#define PV_SELECTOR_USER_CODE 0x33
/** @} */

/** @name Bits of rflags (SDM vol. 1, 3.4.3)
 * @{ */
#define PV_RFLAGS_CF (1UL << 0)
#define PV_RFLAGS_FIXED (1UL << 1) /**< reads as 1 */
#define PV_RFLAGS_PF (1UL << 2)
#define PV_RFLAGS_AF (1UL << 4)
#define PV_RFLAGS_ZF (1UL << 6)
#define PV_RFLAGS_SF (1UL << 7)
#define PV_RFLAGS_TF (1UL << 8)
#define PV_RFLAGS_IF (1UL << 9)
#define PV_RFLAGS_DF (1UL << 10)
#define PV_RFLAGS_OF (1UL << 11)
#define PV_RFLAGS_IOPL (3UL << 12)
#define PV_RFLAGS_NT (1UL << 14)
#define PV_RFLAGS_RF (1UL << 16)
#define PV_RFLAGS_AC (1UL << 18)
#define PV_RFLAGS_ID (1UL << 21)
/** What user code may set itself; the rest of a user frame's flags is forced. */
#define PV_RFLAGS_USER                                                                                       \
    (PV_RFLAGS_CF | PV_RFLAGS_PF | PV_RFLAGS_AF | PV_RFLAGS_ZF | PV_RFLAGS_SF | PV_RFLAGS_TF | PV_RFLAGS_DF |  \
     PV_RFLAGS_OF | PV_RFLAGS_RF | PV_RFLAGS_AC | PV_RFLAGS_ID)
/** @} */

/** Exceptions (SDM vol. 3, 6.15). */
enum pv_exception {
    PV_EXCEPTION_DE = 0,  /**< divide error */
    PV_EXCEPTION_DB = 1,  /**< debug: single step */
    PV_EXCEPTION_NMI = 2, /**< non-maskable interrupt, on a stack of the backend's */
    PV_EXCEPTION_BP = 3,  /**< breakpoint, int3 */
    PV_EXCEPTION_OF = 4,  /**< int 4 */
    PV_EXCEPTION_BR = 5,  /**< bound range (not reachable in 64-bit mode) */
    PV_EXCEPTION_UD = 6,  /**< invalid opcode */
    PV_EXCEPTION_NM = 7,  /**< no x87 */
    PV_EXCEPTION_DF = 8,  /**< double fault, error 0, on a stack of the backend's */
    PV_EXCEPTION_TS = 10, /**< invalid TSS, error: selector */
    PV_EXCEPTION_NP = 11, /**< segment not present, error: selector */
    PV_EXCEPTION_SS = 12, /**< stack fault, error: selector or 0 */
    PV_EXCEPTION_GP = 13, /**< general protection, error: selector or 0 */
    PV_EXCEPTION_PF = 14, /**< page fault, error: PV_PF_x, address: pv_trap_fault_address() */
    PV_EXCEPTION_MF = 16, /**< x87 error */
    PV_EXCEPTION_AC = 17, /**< alignment check, error 0 */
    PV_EXCEPTION_MC = 18, /**< machine check, on a stack of the backend's */
    PV_EXCEPTION_XM = 19, /**< SIMD error */
};

/** @name Error code of a page fault (SDM vol. 3, 4.7)
 * @{ */
#define PV_PF_P (1UL << 0) /**< 0: not present; 1: a right was missing */
#define PV_PF_W (1UL << 1) /**< a write */
#define PV_PF_U (1UL << 2) /**< from user mode */
#define PV_PF_R (1UL << 3) /**< a reserved bit was set in a table */
#define PV_PF_I (1UL << 4) /**< an instruction fetch */
/** @} */

#endif
