/* SPDX-License-Identifier: MIT */
/*
 * The interrupt flag: save and restore, enable and disable, and "after it is enabled, what is pending is
 * delivered at the latest after one further instruction of the guest; pv_irq_window() forces delivery". What
 * is pending is a line event made by pv_irq_raise(), which is there before the call returns.
 */
#include "code.h"

static unsigned line;
static volatile unsigned deliveries;

static bool count_line(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_LINE(line))
        return false;
    deliveries = deliveries + 1;
    pv_irq_eoi(line);
    return true;
}

static void begin(void)
{
    deliveries = 0;
    conform_expect_trap(count_line);
    line = conform_line_attach();
    pv_irq_unmask(line);
}

static void irq_flag_follows_enable_and_disable(void)
{
    CHECK(!pv_irq_enabled());
    pv_irq_enable();
    CHECK(pv_irq_enabled());
    pv_irq_enable();
    CHECK(pv_irq_enabled());
    pv_irq_disable();
    CHECK(!pv_irq_enabled());
    pv_irq_disable();
    CHECK(!pv_irq_enabled());
}

static void irq_save_restores_state(void)
{
    pv_irq_flags_t flags;

    for (unsigned on = 0; on < 2; on++) {
        if (on)
            pv_irq_enable();
        flags = pv_irq_save();
        CHECK(!pv_irq_enabled());
        CHECK_EQ(pv_irq_flags_enabled(flags), on != 0);
        pv_irq_restore(flags);
        CHECK_EQ(pv_irq_enabled(), on != 0);
    }
}

static void irq_save_nests(void)
{
    pv_irq_flags_t outer, inner, innermost;

    pv_irq_enable();
    outer = pv_irq_save();
    inner = pv_irq_save();
    innermost = pv_irq_save();
    CHECK(pv_irq_flags_enabled(outer));
    CHECK(!pv_irq_flags_enabled(inner));
    CHECK(!pv_irq_flags_enabled(innermost));
    pv_irq_restore(innermost);
    CHECK(!pv_irq_enabled());
    pv_irq_restore(inner);
    CHECK(!pv_irq_enabled());
    pv_irq_restore(outer);
    CHECK(pv_irq_enabled());
}

static void irq_disabled_holds_delivery(void)
{
    begin();
    for (unsigned i = 0; i < 100; i++) {
        CHECK_EQ(pv_irq_raise(line), 0);
        for (unsigned spin = 0; spin < 100; spin++)
            pv_cpu_relax();
        CHECK_EQ(deliveries, i);
        pv_irq_window();
        CHECK_EQ(deliveries, i + 1);
    }
}

static void irq_window_delivers_and_disables(void)
{
    begin();
    CHECK_EQ(pv_irq_raise(line), 0);
    pv_irq_window();
    CHECK_EQ(deliveries, 1);
    CHECK(!pv_irq_enabled());
    pv_irq_window();
    CHECK_EQ(deliveries, 1);
    CHECK(!pv_irq_enabled());
}

/* The nop is the one further instruction: the load behind it sees the handler's count. */
static void irq_enable_delivers_after_one_instruction(void)
{
    begin();
    for (unsigned i = 1; i <= 100; i++) {
        unsigned seen;

        CHECK_EQ(pv_irq_raise(line), 0);
        pv_irq_enable();
        __asm__ volatile("nop\n\tmovl %1, %0" : "=r"(seen) : "m"(deliveries) : "memory");
        pv_irq_disable();
        CHECK_EQ(seen, i);
    }
}

static void irq_restore_delivers_after_one_instruction(void)
{
    pv_irq_flags_t flags;

    begin();
    for (unsigned i = 1; i <= 100; i++) {
        unsigned seen;

        pv_irq_enable();
        flags = pv_irq_save();
        CHECK_EQ(pv_irq_raise(line), 0);
        pv_irq_restore(flags);
        __asm__ volatile("nop\n\tmovl %1, %0" : "=r"(seen) : "m"(deliveries) : "memory");
        pv_irq_disable();
        CHECK_EQ(seen, i);
    }
}

/* With the flag on in the frame that is returned to, what is pending comes before the code has run far. */
static void irq_return_to_enabled_frame_delivers(void)
{
    struct pv_frame frame;

    begin();
    conform_frame_kernel(&frame, kernel_step);
    frame.rflags |= PV_RFLAGS_IF;
    conform_expect_trap(NULL);
    CHECK_EQ(pv_irq_raise(line), 0);
    conform_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_LINE(line));
    CHECK(frame.rip <= (uint64_t)kernel_step_1);
    pv_irq_eoi(line);
}

static void irq_enabled_costs_no_delivery(void)
{
    begin();
    CHECK_EQ(pv_irq_raise(line), 0);
    CHECK(!pv_irq_enabled());
    CHECK_EQ(deliveries, 0);
    pv_irq_restore(pv_irq_save());
    CHECK_EQ(deliveries, 0);
    CHECK(!pv_irq_enabled());
}

/* A handler that is interrupted returns to the flag of its own time, and each level gets its own frame. */
static void irq_flag_of_frame_is_restored(void)
{
    begin();
    pv_irq_enable();
    CHECK_EQ(pv_irq_raise(line), 0);
    __asm__ volatile("nop" ::: "memory");
    CHECK_EQ(deliveries, 1);
    CHECK(pv_irq_enabled());
    CHECK(conform_trap_log[0].rflags & PV_RFLAGS_IF);
    CHECK_EQ(conform_trap_log[0].cs, PV_SELECTOR_KERNEL_CODE);
    CHECK_EQ(conform_trap_log[0].error, 0);
}

const struct conform_test conform_irq_tests[] = {
    CONFORM_TEST(irq_flag_follows_enable_and_disable),
    CONFORM_TEST(irq_save_restores_state),
    CONFORM_TEST(irq_save_nests),
    CONFORM_TEST(irq_disabled_holds_delivery),
    CONFORM_TEST(irq_window_delivers_and_disables),
    CONFORM_TEST(irq_enable_delivers_after_one_instruction),
    CONFORM_TEST(irq_restore_delivers_after_one_instruction),
    CONFORM_TEST(irq_return_to_enabled_frame_delivers),
    CONFORM_TEST(irq_enabled_costs_no_delivery),
    CONFORM_TEST(irq_flag_of_frame_is_restored),
    {0},
};
