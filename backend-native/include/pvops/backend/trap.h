/* SPDX-License-Identifier: MIT */
/* Native half of pvops/trap.h. */
#ifndef PVOPS_BACKEND_TRAP_H
#define PVOPS_BACKEND_TRAP_H

#include <pvops/types.h>

/* The task state segment: only its stack pointers are used (SDM vol. 3, 8.7). */
struct pv_native_tss {
    uint32_t zero0;
    uint64_t rsp[3]; /* stack for traps from user mode: rsp[0] */
    uint64_t zero1;
    uint64_t ist[7]; /* stacks that do not depend on the interrupted one */
    uint64_t zero2;
    uint16_t zero3;
    uint16_t io_map;
} __attribute__((packed));

PV_STATIC_ASSERT(sizeof(struct pv_native_tss) == 104, "TSS layout");

extern struct pv_native_tss pv_native_tss;

void pv_native_trap_raise(unsigned vector);

PV_INLINE void pv_trap_stack_set(void *top)
{
    *(volatile uint64_t *)((char *)&pv_native_tss + 4) = (uint64_t)top;
}

PV_INLINE pv_va_t pv_trap_fault_address(void)
{
    pv_va_t address;

    __asm__ volatile("movq %%cr2, %0" : "=r"(address)::"memory");
    return address;
}

PV_INLINE PV_NORETURN void pv_trap_return_to(struct pv_frame *frame)
{
    __asm__ volatile("movq %0, %%rsp; jmp pv_trap_return" ::"r"(frame) : "memory");
    __builtin_unreachable();
}

PV_INLINE void pv_trap_raise(unsigned vector)
{
    if (__builtin_constant_p(vector) && vector >= PV_VECTOR_GATE_FIRST && vector <= PV_VECTOR_GATE_LAST)
        __asm__ volatile("int %0" ::"i"(__builtin_constant_p(vector) ? vector : 0) : "memory");
    else
        pv_native_trap_raise(vector);
}

#endif
