/* SPDX-License-Identifier: MIT */
/*
 * pv_trap_raise(): "the handler gets a frame with vector, whatever the interrupt flag is, and returning to it
 * goes on behind the call", and what kernels do with it: threads that switch by keeping each other's frames.
 */
#include "code.h"

static struct pv_frame raised;

static bool keep(struct pv_frame *frame)
{
    raised = *frame;
    return true;
}

static void check_raised(unsigned vector, bool enabled)
{
    CHECK_EQ(raised.vector, vector);
    CHECK_EQ(raised.error, 0);
    CHECK_EQ(raised.cs, PV_SELECTOR_KERNEL_CODE);
    CHECK_EQ(raised.rflags & PV_RFLAGS_IF, enabled ? PV_RFLAGS_IF : 0);
    CHECK_EQ(pv_irq_enabled(), enabled);
}

static void trap_raise_constant_arrives(void)
{
    conform_expect_trap(keep);
    pv_trap_raise(PV_VECTOR_GATE_FIRST);
    check_raised(PV_VECTOR_GATE_FIRST, false);
    pv_trap_raise(0x80);
    check_raised(0x80, false);
    pv_irq_enable();
    pv_trap_raise(PV_VECTOR_GATE_LAST);
    check_raised(PV_VECTOR_GATE_LAST, true);
    CHECK_EQ(conform_trap_count, 3);
}

static void trap_raise_variable_arrives(void)
{
    conform_expect_trap(keep);
    for (volatile unsigned vector = PV_VECTOR_GATE_FIRST; vector <= PV_VECTOR_GATE_LAST; vector++) {
        pv_irq_disable();
        pv_trap_raise(vector);
        check_raised(vector, false);
        pv_irq_enable();
        pv_trap_raise(vector);
        check_raised(vector, true);
    }
}

/* Open or closed is for user mode only. */
static void trap_raise_ignores_gates(void)
{
    conform_expect_trap(keep);
    CHECK_EQ(pv_trap_gate_set(0x21, true), 0);
    pv_trap_raise(0x21);
    check_raised(0x21, false);
    CHECK_EQ(pv_trap_gate_set(0x21, false), 0);
    pv_trap_raise(0x21);
    check_raised(0x21, false);
}

/* Two threads that yield to each other: each frame is returned to on the stack that it lies on. */
static char stacks[2][8192] __attribute__((aligned(16)));
static struct pv_frame *threads[3];
static unsigned running, turns[3];

static bool yield(struct pv_frame *frame)
{
    CHECK_EQ(frame->vector, 0x30);
    threads[running] = frame;
    running = (running + 1) % 3;
    pv_trap_return_to(threads[running]);
}

static void thread(void)
{
    for (;;) {
        turns[running]++;
        pv_trap_raise(0x30);
    }
}

static void trap_raise_switches_threads(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct pv_frame *frame = (struct pv_frame *)(void *)(stacks[i] + 8192 - 256);

        conform_frame_kernel(frame, (const void *)(uintptr_t)thread);
        /* As after a call: rsp + 8 is a multiple of 16. */
        frame->rsp = (uint64_t)(stacks[i] + 8192 - 72);
        threads[i + 1] = frame;
        turns[i + 1] = 0;
    }
    running = 0;
    conform_expect_trap(yield);
    for (uint64_t i = 1; i <= conform_n(200); i++) {
        pv_trap_raise(0x30);
        CHECK_EQ(running, 0);
        CHECK_EQ(turns[1], i);
        CHECK_EQ(turns[2], i);
    }
}

/* The same with copies: a frame goes to other memory, and its stack is used meanwhile by nobody. */
static struct {
    char stack[1024]; /* pv_trap_return may use the stack below the frame */
    struct pv_frame frame;
    uint64_t above[16];
} copy __attribute__((aligned(16)));

static unsigned resumed;

static bool copy_and_leave(struct pv_frame *frame)
{
    if (frame->vector != 0x31)
        return false;
    copy.frame = *frame;
    resumed++;
    pv_trap_return_to(&copy.frame);
}

static void trap_frame_copy_is_returned_to(void)
{
    conform_expect_trap(copy_and_leave);
    resumed = 0;
    for (unsigned i = 1; i <= 10; i++) {
        pv_trap_raise(0x31);
        CHECK_EQ(resumed, i);
        CHECK_EQ(copy.frame.vector, 0x31);
    }
}

/* From assembly, as ports do it: rsp at a frame, jump to the label. */
static void jump_to_label(void *frame)
{
    __asm__ volatile("movq %0, %%rsp; jmp pv_trap_return" ::"r"(frame) : "memory");
}

static void trap_return_label_is_reached_by_jump(void)
{
    struct pv_frame in, out;

    conform_frame_kernel(&in, kernel_check);
    values_fill(&in);
    copy.frame = in;
    CHECK(conform_catch(jump_to_label, &copy.frame, &out));
    conform_check_trap(&out, PV_EXCEPTION_UD, 0, (uint64_t)kernel_same);
    /* The flags are those of the last comparison, of equals. */
    in.rflags |= PV_RFLAGS_ZF | PV_RFLAGS_PF;
    conform_check_registers(&out, &in);
}

/* "what is above the frame is left alone" */
static void trap_return_leaves_memory_above_alone(void)
{
    struct pv_frame out;

    conform_frame_kernel(&copy.frame, kernel_check);
    values_fill(&copy.frame);
    for (unsigned i = 0; i < 16; i++)
        copy.above[i] = i + 77;
    CHECK(conform_catch(jump_to_label, &copy.frame, &out));
    for (unsigned i = 0; i < 16; i++)
        CHECK_EQ(copy.above[i], i + 77);
}

const struct conform_test conform_raise_tests[] = {
    CONFORM_TEST(trap_raise_constant_arrives),
    CONFORM_TEST(trap_raise_variable_arrives),
    CONFORM_TEST(trap_raise_ignores_gates),
    CONFORM_TEST(trap_raise_switches_threads),
    CONFORM_TEST(trap_frame_copy_is_returned_to),
    CONFORM_TEST(trap_return_label_is_reached_by_jump),
    CONFORM_TEST(trap_return_leaves_memory_above_alone),
    {0},
};
