/* SPDX-License-Identifier: MIT */
/* Pairs that differ in one respect each: the comparison has to say so. */
#include "bare.h"

void op_wrong_instruction(void)
{
    pv_irq_enable();
}

void ref_wrong_instruction(void)
{
    cli();
}

uint64_t op_wrong_order(void)
{
    return pv_irq_save();
}

uint64_t ref_wrong_order(void)
{
    cli();
    return flags_read();
}

void op_wrong_constant(void)
{
    pv_trap_raise(0x81);
}

void ref_wrong_constant(void)
{
    __asm__ volatile("int $0x82" ::: "memory");
}

void op_wrong_symbol(struct pv_frame *frame)
{
    pv_trap_return_to(frame);
}

void ref_wrong_symbol(struct pv_frame *frame)
{
    __asm__ volatile("movq %0, %%rsp; jmp pv_other_return" ::"r"(frame) : "memory");
    __builtin_unreachable();
}

void op_wrong_branch(uint64_t flags)
{
    pv_irq_restore(flags);
}

void ref_wrong_branch(uint64_t flags)
{
    if (!(flags & FLAG_IF))
        sti();
}

void op_wrong_extra(uint64_t va)
{
    pv_mmu_invalidate_page(va);
}

void ref_wrong_extra(uint64_t va)
{
    invlpg(va);
    __asm__ volatile("nop");
}
