/* SPDX-License-Identifier: MIT */
/* Trap and debug ops and their instructions. */
#include "bare.h"

extern char tss[] __asm__("pv_native_tss"); /* RSP0 is at offset 4 (SDM vol. 3, 8.7) */

void op_trap_stack_set(void *top)
{
    pv_trap_stack_set(top);
}

void ref_trap_stack_set(void *top)
{
    *(volatile uint64_t *)(tss + 4) = (uint64_t)top;
}

uint64_t op_trap_fault_address(void)
{
    return pv_trap_fault_address();
}

uint64_t ref_trap_fault_address(void)
{
    uint64_t address;

    __asm__ volatile("movq %%cr2, %0" : "=r"(address)::"memory");
    return address;
}

void op_trap_raise(void)
{
    pv_trap_raise(0x81);
}

void ref_trap_raise(void)
{
    __asm__ volatile("int $0x81" ::: "memory");
}

void op_trap_return_to(struct pv_frame *frame)
{
    pv_trap_return_to(frame);
}

void ref_trap_return_to(struct pv_frame *frame)
{
    __asm__ volatile("movq %0, %%rsp; jmp pv_trap_return" ::"r"(frame) : "memory");
    __builtin_unreachable();
}

void op_debug_break(void)
{
    pv_debug_break();
}

void ref_debug_break(void)
{
    __asm__ volatile("int3" ::: "memory");
}
