/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup trap Traps
 * Exceptions, system calls and interrupts: how they enter the kernel and how it returns.
 *
 * Contract. The kernel registers one C function; every trap calls it with a frame of the interrupted
 * registers. A trap from user mode puts the frame at exactly `stack_top - sizeof(struct pv_frame)`, stack_top
 * being what pv_trap_stack_set() said; a trap from kernel mode puts it below the interrupted stack pointer
 * (no red zone; up to 15 bytes of alignment between). Double fault, NMI and machine check use stacks of the
 * backend's. The handler starts with interrupts off, the direction flag clear and rbp = 0 (stack walks end
 * there); it may enable interrupts, switch stacks, nest, or never return. If it returns, pv_trap_return is
 * done to its frame; but a handler that returns from a double fault declines it: crash with a dump. (To go on
 * after one, mend the frame and leave by pv_trap_return_to().)
 *
 * The kernel owns a frame's memory: it may copy it (fork), build one by hand (first entry to a process), and
 * return to it later, on another CPU, in another address space.
 * @{
 */
#ifndef PVOPS_TRAP_H
#define PVOPS_TRAP_H

#include <pvops/arch/x86_64/frame.h>
#include <pvops/types.h>

PV_BEGIN_DECLS

/** @name Vectors
 * 0..31 are exceptions, 0x20..0xcf free for gates and pv_trap_raise(). @{ */
#define PV_VECTOR_GATE_FIRST 0x20
#define PV_VECTOR_GATE_LAST 0xcf
#define PV_VECTOR_LINE(line) (0xd0 + (line)) /**< line 0..31 */
#define PV_VECTOR_IPI(n) (0xf0 + (n))        /**< 0..7 */
#define PV_VECTOR_TIMER 0xf8
#define PV_VECTOR_SYSCALL 0x100 /**< the `syscall` instruction: rcx = rip, r11 = rflags as hardware leaves them */
/** @} */

/** The kernel's handler of all traps. Runs with interrupts off; may return, or leave by pv_trap_return. */
typedef void pv_trap_entry_t(struct pv_frame *frame);

/**
 * Register the handler of all traps of all CPUs. Until then every trap is a crash with a dump.
 *
 * Context: kernel, once.
 */
void pv_trap_init(pv_trap_entry_t *entry);

/**
 * Set the stack for traps from user mode on this CPU.
 *
 * @param top  first byte behind the stack, 16-byte aligned; the stack must be mapped and writable whenever
 *             user code runs
 *
 * Native: TSS.RSP0. Context: kernel, interrupts off.
 */
PV_INLINE void pv_trap_stack_set(void *top);

/** The address of the last page fault on this CPU; read it before interrupts are enabled. Native: `mov %cr2`. */
PV_INLINE pv_va_t pv_trap_fault_address(void);

/**
 * Return from a trap: an assembly label. Jump there with rsp at a frame; all registers are restored from it
 * (`iretq` semantics), and what is above the frame is left alone. To "return" from C to any frame use
 * pv_trap_return_to().
 *
 * User frames: bits 1:0 of cs and ss, IF and IOPL are the kernel's to get right (pv_frame_sanitize_user()).
 * A user frame that the machine refuses to go to (rip that is not canonical, for instance) arrives as a #GP
 * or #SS with error 0 from user mode, with the registers of that frame.
 */
extern const char pv_trap_return[];

/** Return to @a frame, from C: switches rsp to it and jumps to pv_trap_return. Context: kernel. */
PV_INLINE PV_NORETURN void pv_trap_return_to(struct pv_frame *frame);

/**
 * Raise a software interrupt in kernel mode, for a yield for instance: the handler gets a frame with
 * @a vector, whatever the interrupt flag is, and returning to it goes on behind the call.
 *
 * @param vector  PV_VECTOR_GATE_FIRST..PV_VECTOR_GATE_LAST, a constant for the inline form
 *
 * Native: `int $vector`. Context: kernel, on a stack that may take a frame.
 */
PV_INLINE void pv_trap_raise(unsigned vector);

/**
 * Let user code raise a vector by `int n` (an open gate), or not. Open gates arrive as that vector, with rip
 * behind the instruction; closed ones as #GP with error n*8+2 and rip at the instruction. 3 and 4 are always
 * open. `int $0x80` leaves bits 63:32 of rax undefined.
 *
 * @param vector  PV_VECTOR_GATE_FIRST..PV_VECTOR_GATE_LAST; all are closed at boot
 * @param open    whether user code may raise it
 * @return        0, -PV_EINVAL: no vector for gates
 *
 * Native: DPL of the IDT entry. Context: kernel; holds for all CPUs from the next return to user mode.
 */
int pv_trap_gate_set(unsigned vector, bool open);

/** A frame that starts user code: all registers 0 but rip, rsp; interrupts on; user selectors. Context: any. */
PV_INLINE void pv_frame_init_user(struct pv_frame *frame, pv_va_t rip, pv_va_t rsp)
{
    __builtin_memset(frame, 0, sizeof *frame);
    frame->rip = rip;
    frame->cs = PV_SELECTOR_USER_CODE;
    frame->rflags = PV_RFLAGS_FIXED | PV_RFLAGS_IF;
    frame->rsp = rsp;
    frame->ss = PV_SELECTOR_USER_DATA;
}

/** Force what user code must not choose: selectors, interrupts on, IOPL 0, NT clear. For frames that user code wrote. */
PV_INLINE void pv_frame_sanitize_user(struct pv_frame *frame)
{
    frame->cs = PV_SELECTOR_USER_CODE;
    frame->ss = PV_SELECTOR_USER_DATA;
    frame->rflags = (frame->rflags & PV_RFLAGS_USER) | PV_RFLAGS_FIXED | PV_RFLAGS_IF;
}

/** Whether the frame was made by user code. Context: any. */
PV_INLINE bool pv_frame_from_user(const struct pv_frame *frame)
{
    return (frame->cs & 3) != 0;
}

PV_END_DECLS

/** @} */
#include <pvops/backend/trap.h>
#endif
