/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/trap.h. */
#ifndef PVOPS_BACKEND_TRAP_H
#define PVOPS_BACKEND_TRAP_H

#include <pvops/backend/abi.h>

PV_BEGIN_DECLS
void pv_posix_trap_raise(unsigned vector);
PV_END_DECLS

PV_INLINE void pv_trap_stack_set(void *top)
{
    *(volatile uint64_t *)&pv_posix_abi.stack_top = (uint64_t)top;
}

PV_INLINE pv_va_t pv_trap_fault_address(void)
{
    return *(volatile uint64_t *)&pv_posix_abi.fault_address;
}

PV_INLINE PV_NORETURN void pv_trap_return_to(struct pv_frame *frame)
{
    __asm__ volatile("movq %0, %%rsp; jmp pv_trap_return" ::"r"(frame) : "memory");
    __builtin_unreachable();
}

PV_INLINE void pv_trap_raise(unsigned vector)
{
    pv_posix_trap_raise(vector);
}

#endif
