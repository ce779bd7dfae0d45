/* SPDX-License-Identifier: MIT */
/*
 * Debug: output that works at any time, the breakpoint, trace events, and counters that follow what the tests
 * themselves count ("0 for one that the backend does not have"). What a dump shows of the trace is checked
 * from outside, by conform.mode=crash.
 */
#include "conform.h"

static bool debug_in_handler(struct pv_frame *frame)
{
    if (frame->vector != 0x20)
        return false;
    pv_debug_puts("# debug: in a handler\n");
    pv_debug_trace("handler", frame->rip, 0);
    return true;
}

static void debug_write_works_anywhere(void)
{
    static const char text[] = "# debug: pv_debug_write\n";

    pv_console_flush();
    pv_debug_write(text, sizeof text - 1);
    pv_debug_write(text, 0);
    pv_debug_puts("# debug: pv_debug_puts\n");
    conform_expect_trap(debug_in_handler);
    pv_trap_raise(0x20);
    pv_irq_enable();
    pv_debug_puts("# debug: with interrupts on\n");
    CHECK(pv_irq_enabled());
}

static void debug_trace_takes_any_number(void)
{
    for (unsigned i = 0; i < 3 * PV_DEBUG_TRACE_EVENTS; i++)
        pv_debug_trace("a name that is longer than the thirty-one characters that are shown", i, ~0UL);
}

static bool on_break(struct pv_frame *frame)
{
    return frame->vector == PV_EXCEPTION_BP;
}

static void debug_break_arrives_and_returns(void)
{
    conform_expect_trap(on_break);
    pv_debug_break();
    CHECK_EQ(conform_trap_count, 1);
    CHECK_EQ(conform_trap_log[0].vector, PV_EXCEPTION_BP);
    CHECK_EQ(conform_trap_log[0].error, 0);
}

/* By how much a counter grew, or the expected number if this backend does not have it. */
static uint64_t grown(enum pv_debug_counter counter, uint64_t before, uint64_t expected)
{
    uint64_t now = pv_debug_counter(counter);

    return now == 0 ? expected : now - before;
}

static void debug_counter_timer_counts_deliveries(void)
{
    uint64_t before = pv_debug_counter(PV_DEBUG_TIMER);

    conform_expect_trap(conform_count_timer);
    pv_time_periodic(PV_TIME_PERIOD_MIN);
    while (conform_timer_count < 20) {
        pv_cpu_idle();
        pv_irq_disable();
    }
    CHECK_EQ(grown(PV_DEBUG_TIMER, before, conform_timer_count), conform_timer_count);
}

static unsigned line;

static bool on_line(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_LINE(line))
        return false;
    pv_irq_eoi(line);
    return true;
}

static void debug_counter_line_counts_deliveries(void)
{
    uint64_t before = pv_debug_counter(PV_DEBUG_LINE);

    conform_expect_trap(on_line);
    line = conform_line_attach();
    pv_irq_unmask(line);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(pv_irq_raise(line), 0);
        pv_irq_window();
    }
    CHECK_EQ(conform_trap_count, 20);
    CHECK_EQ(grown(PV_DEBUG_LINE, before, 20), 20);
}

static void debug_counter_line_held_counts_remembered(void)
{
    uint64_t before = pv_debug_counter(PV_DEBUG_LINE_HELD);

    conform_expect_trap(on_line);
    line = conform_line_attach();
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ(pv_irq_raise(line), 0);
        pv_irq_window();
        pv_irq_unmask(line);
        pv_irq_window();
        pv_irq_mask(line);
    }
    CHECK_EQ(grown(PV_DEBUG_LINE_HELD, before, 10), 10);
}

const struct conform_test conform_debug_tests[] = {
    CONFORM_TEST(debug_write_works_anywhere),
    CONFORM_TEST(debug_trace_takes_any_number),
    CONFORM_TEST(debug_break_arrives_and_returns),
    CONFORM_TEST(debug_counter_timer_counts_deliveries),
    CONFORM_TEST(debug_counter_line_counts_deliveries),
    CONFORM_TEST(debug_counter_line_held_counts_remembered),
    {0},
};
