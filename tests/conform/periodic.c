/* SPDX-License-Identifier: MIT */
/*
 * The periodic timer: "Periods that pass while the guest cannot take the interrupt are delivered as one
 * interrupt with a count". All checks are bounds that hold however the host schedules the guest: the count
 * cannot be more than the periods that have passed, and at an interrupt it is not less than the periods that
 * had passed at any moment before it.
 */
#include "conform.h"

static uint64_t period, set_before, set_after; /* pv_time_periodic() was called between the two */
static volatile uint64_t total, last_count;
static volatile uint64_t looked_at; /* some time before the interrupt that comes next */

static bool add_periods(struct pv_frame *frame)
{
    uint64_t now;

    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    last_count = pv_time_periods();
    total = total + last_count;
    now = pv_time_now();
    CHECK(last_count >= 1);
    CHECK(total <= (now - set_before) / period);
    CHECK(total >= (looked_at - set_after) / period);
    CHECK_EQ(pv_time_periods(), 0);
    conform_timer_count++;
    return true;
}

static void start(uint64_t ns)
{
    period = ns;
    total = 0;
    conform_expect_trap(add_periods);
    set_before = pv_time_now();
    pv_time_periodic(ns);
    looked_at = set_after = pv_time_now();
}

/* Wait for an interrupt, with interrupts off before and after. */
static void wait_one(void)
{
    uint64_t count = conform_timer_count;

    while (conform_timer_count == count) {
        looked_at = pv_time_now();
        pv_cpu_idle();
        pv_irq_disable();
    }
}

static void spin_until(uint64_t time)
{
    while (pv_time_now() < time)
        pv_cpu_relax();
}

static void time_periodic_counts_every_period(void)
{
    start(PV_NS_PER_MS);
    for (unsigned i = 0; i < 50; i++)
        wait_one();
    CHECK(total >= 50);
}

/* A thousand periods later the interrupts still fall where the first call put them. */
static void time_periodic_does_not_drift(void)
{
    start(200 * PV_NS_PER_US);
    while (total < conform_n(1000)) {
        wait_one();
        /* Where time is the guest's own: no interrupt is late, and none is more so than the last. */
        if (conform_strict())
            CHECK((pv_time_now() - set_before) % period < period / 10);
    }
}

/* Let interrupts in until one has come; the time of the last look before it. */
static uint64_t let_one_in(void)
{
    uint64_t before = conform_timer_count, limit = pv_time_now() + 5 * PV_NS_PER_S;

    do {
        looked_at = pv_time_now();
        pv_irq_window();
    } while (conform_timer_count == before && looked_at < limit);
    CHECK(conform_timer_count > before);
    return looked_at;
}

static void time_periodic_missed_come_as_one(void)
{
    start(PV_NS_PER_MS);
    for (unsigned i = 0; i < 5; i++) {
        uint64_t before, window;

        wait_one();
        before = conform_timer_count;
        spin_until(pv_time_now() + 10 * PV_NS_PER_MS);
        window = let_one_in();
        /* One for all that were missed, and more only if periods ended while the window was open. */
        CHECK(conform_timer_count - before <= 1 + (pv_time_now() - window) / period + 1);
        if (conform_timer_count == before + 1)
            CHECK(last_count >= 10);
    }
}

static void time_periodic_short_period_is_lengthened(void)
{
    start(1);
    period = PV_TIME_PERIOD_MIN;
    for (unsigned i = 0; i < 50; i++)
        wait_one();
    start(0);
    period = PV_TIME_PERIOD_MIN;
    for (unsigned i = 0; i < 50; i++)
        wait_one();
}

static void time_periodic_odd_periods_are_exact(void)
{
    static const uint64_t odd[] = {100003, 333333, 1234567, 1953125, 7777777};

    for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        start(odd[i]);
        for (unsigned k = 0; k < 8; k++)
            wait_one();
    }
}

/* Longer than an 8254 can count at once (55 ms). */
static void time_periodic_may_be_long(void)
{
    start(80 * PV_NS_PER_MS);
    wait_one();
    wait_one();
    CHECK(total >= 2);
}

static void time_periodic_replaces_and_is_replaced(void)
{
    uint64_t now;

    pv_time_oneshot(pv_time_now() + 3600 * PV_NS_PER_S);
    start(500 * PV_NS_PER_US);
    wait_one();
    wait_one();
    start(PV_NS_PER_MS);
    wait_one();
    conform_expect_trap(conform_count_timer);
    now = pv_time_now();
    pv_time_oneshot(now + 20 * PV_NS_PER_MS);
    pv_irq_window();
    conform_timer_count = 0;
    while (pv_time_now() < now + 15 * PV_NS_PER_MS) {
        pv_irq_window();
        if (conform_timer_count != 0)
            break;
    }
    CHECK(conform_timer_count == 0 || pv_time_now() >= now + 20 * PV_NS_PER_MS);
}

static bool no_periods(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    CHECK_EQ(pv_time_periods(), 0);
    conform_timer_count++;
    return true;
}

static void time_periods_is_0_without_period(void)
{
    CHECK_EQ(pv_time_periods(), 0);
    conform_expect_trap(no_periods);
    pv_time_oneshot(pv_time_now() + PV_NS_PER_MS);
    while (conform_timer_count == 0) {
        pv_cpu_idle();
        pv_irq_disable();
    }
    CHECK_EQ(pv_time_periods(), 0);
    start(PV_NS_PER_MS);
    CHECK_EQ(pv_time_periods(), 0);
    wait_one();
    pv_time_stop();
    CHECK_EQ(pv_time_periods(), 0);
}

const struct conform_test conform_periodic_tests[] = {
    CONFORM_TEST(time_periodic_counts_every_period),
    CONFORM_TEST(time_periodic_does_not_drift),
    CONFORM_TEST(time_periodic_missed_come_as_one),
    CONFORM_TEST(time_periodic_short_period_is_lengthened),
    CONFORM_TEST(time_periodic_odd_periods_are_exact),
    CONFORM_TEST(time_periodic_may_be_long),
    CONFORM_TEST(time_periodic_replaces_and_is_replaced),
    CONFORM_TEST(time_periods_is_0_without_period),
    {0},
};
