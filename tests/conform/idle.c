/* SPDX-License-Identifier: MIT */
/*
 * pv_cpu_idle(): "idle never loses a wake-up". Interrupts are made to come just before, in and after the
 * call, by deadlines swept over small offsets; a wake-up that is lost leaves the guest waiting for ever, and
 * the run ends by its time limit within the test that is not reported.
 */
#include "conform.h"

static unsigned line;
static volatile unsigned line_count;

static bool count_all(struct pv_frame *frame)
{
    if (frame->vector == PV_VECTOR_LINE(line)) {
        line_count = line_count + 1;
        pv_irq_eoi(line);
        return true;
    }
    return conform_count_timer(frame);
}

/* As schedulers do it: look with interrupts off, idle, look again. */
static void idle_until(uint64_t count)
{
    while (conform_timer_count < count) {
        pv_cpu_idle();
        CHECK(pv_irq_enabled());
        pv_irq_disable();
    }
}

static void cpu_idle_wakes_by_swept_oneshots(void)
{
    conform_expect_trap(count_all);
    for (uint64_t i = 0; i < conform_n(3000); i++) {
        pv_time_oneshot(pv_time_now() + i % 600 * 20);
        idle_until(i + 1);
        CHECK_EQ(conform_timer_count, i + 1);
    }
}

static void cpu_idle_wakes_by_random_oneshots(void)
{
    conform_expect_trap(count_all);
    for (uint64_t i = 0; i < conform_n(1000); i++) {
        pv_time_oneshot(pv_time_now() + conform_random() % (60 * PV_NS_PER_US));
        for (uint64_t spin = conform_random() % 400; spin > 0; spin--)
            pv_cpu_relax();
        idle_until(i + 1);
        CHECK_EQ(conform_timer_count, i + 1);
    }
}

/* The wake-up falls between an enabled stretch, the look at the flag, and the idle. */
static void cpu_idle_wakes_after_enabled_code(void)
{
    conform_expect_trap(count_all);
    for (uint64_t i = 0; i < conform_n(1000); i++) {
        pv_irq_enable();
        pv_time_oneshot(pv_time_now() + conform_random() % (20 * PV_NS_PER_US));
        for (uint64_t spin = conform_random() % 100; spin > 0; spin--)
            pv_cpu_relax();
        pv_irq_disable();
        idle_until(i + 1);
    }
}

static void cpu_idle_wakes_by_periodic(void)
{
    conform_expect_trap(count_all);
    pv_time_periodic(PV_TIME_PERIOD_MIN);
    idle_until(conform_n(500));
}

/* What was pending before the call ends the wait; the timer would come a second later. */
static void cpu_idle_does_not_sleep_over_pending(void)
{
    conform_expect_trap(count_all);
    line = conform_line_attach();
    line_count = 0;
    pv_irq_unmask(line);
    pv_time_oneshot(pv_time_now() + 3600 * PV_NS_PER_S);
    for (unsigned i = 0; i < conform_n(200); i++) {
        CHECK_EQ(pv_irq_raise(line), 0);
        while (line_count == i && conform_timer_count == 0) {
            pv_cpu_idle();
            pv_irq_disable();
        }
        CHECK_EQ(line_count, i + 1);
    }
}

/* Handlers run before the call returns. */
static void cpu_idle_returns_after_handler(void)
{
    uint64_t deadline;

    conform_expect_trap(count_all);
    deadline = pv_time_now() + 5 * PV_NS_PER_MS;
    pv_time_oneshot(deadline);
    idle_until(1);
    CHECK(pv_time_now() >= deadline);
    CHECK(conform_trap_log[0].rflags & PV_RFLAGS_IF);
}

/* Registers and stack are the caller's after any wake-up. */
static void cpu_idle_keeps_registers(void)
{
    uint64_t a = 1, b = 2, c = 3, d = 4;

    conform_expect_trap(count_all);
    for (uint64_t i = 0; i < 100; i++) {
        pv_time_oneshot(pv_time_now() + i * 100);
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
        idle_until(i + 1);
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
        CHECK(a == 1 && b == 2 && c == 3 && d == 4);
    }
}

const struct conform_test conform_idle_tests[] = {
    CONFORM_TEST(cpu_idle_returns_after_handler),       CONFORM_TEST(cpu_idle_keeps_registers),
    CONFORM_TEST(cpu_idle_does_not_sleep_over_pending), CONFORM_TEST(cpu_idle_wakes_by_swept_oneshots),
    CONFORM_TEST(cpu_idle_wakes_by_random_oneshots),    CONFORM_TEST(cpu_idle_wakes_after_enabled_code),
    CONFORM_TEST(cpu_idle_wakes_by_periodic),           {0},
};
