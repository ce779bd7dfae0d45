/* SPDX-License-Identifier: MIT */
/*
 * Frames made by hand and compared with those that traps bring: the helpers of every test about exact frames.
 */
#include "conform.h"

static char kernel_stack[CONFORM_STACK_SIZE] __attribute__((aligned(16)));

void conform_frame_fill(struct pv_frame *frame, uint64_t seed)
{
    uint64_t *word = (uint64_t *)frame;

    /* The 15 general registers come first. High halves too, so that nothing 32-bit goes unnoticed. */
    for (unsigned i = 0; i < 15; i++)
        word[i] = (seed + 1) * 0x1234567890abcdefUL + i * 0x0101010101010101UL;
}

void conform_frame_kernel(struct pv_frame *frame, const void *rip)
{
    __builtin_memset(frame, 0, sizeof *frame);
    frame->rip = (uint64_t)rip;
    frame->cs = PV_SELECTOR_KERNEL_CODE;
    frame->rflags = PV_RFLAGS_FIXED;
    frame->rsp = (uint64_t)(kernel_stack + sizeof kernel_stack - 256);
    frame->ss = PV_SELECTOR_KERNEL_DATA;
}

void conform_check_registers(const struct pv_frame *frame, const struct pv_frame *expected)
{
    CHECK_EQ(frame->rax, expected->rax);
    CHECK_EQ(frame->rbx, expected->rbx);
    CHECK_EQ(frame->rcx, expected->rcx);
    CHECK_EQ(frame->rdx, expected->rdx);
    CHECK_EQ(frame->rsi, expected->rsi);
    CHECK_EQ(frame->rdi, expected->rdi);
    CHECK_EQ(frame->rbp, expected->rbp);
    CHECK_EQ(frame->r8, expected->r8);
    CHECK_EQ(frame->r9, expected->r9);
    CHECK_EQ(frame->r10, expected->r10);
    CHECK_EQ(frame->r11, expected->r11);
    CHECK_EQ(frame->r12, expected->r12);
    CHECK_EQ(frame->r13, expected->r13);
    CHECK_EQ(frame->r14, expected->r14);
    CHECK_EQ(frame->r15, expected->r15);
    CHECK_EQ(frame->rsp, expected->rsp);
    CHECK_EQ(frame->cs, expected->cs);
    CHECK_EQ(frame->rflags & ~PV_RFLAGS_RF, expected->rflags & ~PV_RFLAGS_RF);
    /* In kernel mode ss may be null: a stack switch to ring 0 loads a null selector (SDM vol. 3, 6.14.4). */
    if (pv_frame_from_user(expected) || frame->ss != 0)
        CHECK_EQ(frame->ss, expected->ss);
}

void conform_check_trap(const struct pv_frame *frame, uint64_t vector, uint64_t error, uint64_t rip)
{
    CHECK_EQ(frame->vector, vector);
    CHECK_EQ(frame->error, error);
    CHECK_EQ(frame->rip, rip);
}

void conform_check_stack_fault(const struct pv_frame *frame, uint64_t rip)
{
    CHECK(frame->vector == PV_EXCEPTION_SS || frame->vector == PV_EXCEPTION_GP);
    CHECK_EQ(frame->error, 0);
    CHECK_EQ(frame->rip, rip);
}
