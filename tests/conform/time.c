/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the one-shot timer: "never runs backwards", "A one-shot never comes early and comes eventually",
 * "a deadline that has passed fires at once", replacing and stopping. "Eventually" is five seconds here: long
 * for any machine, however busy its host is.
 */
#include "conform.h"

#define EVENTUALLY (5 * PV_NS_PER_S)

static volatile uint64_t fired_at;

static bool note_time(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    fired_at = pv_time_now();
    conform_timer_count++;
    return true;
}

static void begin(void)
{
    conform_expect_trap(note_time);
}

/* Let interrupts in until that many interrupts have come or the time is over. */
static bool wait_for(uint64_t count, uint64_t limit)
{
    while (conform_timer_count < count && pv_time_now() < limit)
        pv_irq_window();
    return conform_timer_count >= count;
}

static void time_now_never_runs_backwards(void)
{
    uint64_t last = pv_time_now(), first = last;

    for (uint64_t i = 0; i < conform_n(100000); i++) {
        uint64_t now = pv_time_now();

        CHECK(now >= last);
        last = now;
    }
    CHECK(last > first);
}

static void time_now_runs_in_interrupts_too(void)
{
    begin();
    for (unsigned i = 1; i <= 50; i++) {
        uint64_t before = pv_time_now();

        pv_time_oneshot(before + 50 * PV_NS_PER_US);
        CHECK(wait_for(i, before + EVENTUALLY));
        CHECK(fired_at > before);
        CHECK(pv_time_now() >= fired_at);
    }
}

static void time_oneshot_is_never_early(void)
{
    begin();
    for (uint64_t i = 1; i <= conform_n(500); i++) {
        uint64_t now = pv_time_now();
        uint64_t deadline = now + conform_random() % (i % 10 == 0 ? 5 * PV_NS_PER_MS : 200 * PV_NS_PER_US);

        pv_time_oneshot(deadline);
        CHECK(wait_for(i, deadline + EVENTUALLY));
        CHECK(fired_at >= deadline);
        CHECK_EQ(conform_timer_count, i);
    }
}

static void time_oneshot_comes_once(void)
{
    uint64_t now;

    begin();
    now = pv_time_now();
    pv_time_oneshot(now + PV_NS_PER_MS);
    CHECK(wait_for(1, now + EVENTUALLY));
    CHECK(!wait_for(2, pv_time_now() + 10 * PV_NS_PER_MS));
}

static void time_oneshot_of_the_past_fires_at_once(void)
{
    begin();
    for (unsigned i = 1; i <= 100; i++) {
        uint64_t now = pv_time_now();

        pv_time_oneshot(i % 3 == 0 ? 0 : i % 3 == 1 ? now : now - 1);
        CHECK(wait_for(i, now + EVENTUALLY));
        CHECK_EQ(conform_timer_count, i);
    }
}

/* It waits for the flag as long as it takes. */
static void time_oneshot_waits_for_the_flag(void)
{
    uint64_t now = pv_time_now();

    begin();
    pv_time_oneshot(now + 100 * PV_NS_PER_US);
    while (pv_time_now() < now + 5 * PV_NS_PER_MS)
        pv_cpu_relax();
    CHECK_EQ(conform_timer_count, 0);
    CHECK(wait_for(1, now + EVENTUALLY));
    CHECK(!wait_for(2, pv_time_now() + 2 * PV_NS_PER_MS));
}

/* A nearer deadline takes the place of a far one. */
static void time_oneshot_nearer_replaces(void)
{
    uint64_t now = pv_time_now();

    begin();
    pv_time_oneshot(now + 3600 * PV_NS_PER_S);
    pv_time_oneshot(now + PV_NS_PER_MS);
    CHECK(wait_for(1, now + EVENTUALLY));
    CHECK(fired_at >= now + PV_NS_PER_MS);
    CHECK(!wait_for(2, pv_time_now() + 5 * PV_NS_PER_MS));
}

/* A far one takes the place of a near one that has not come; if the host held us up, that one may have. */
static void time_oneshot_farther_replaces(void)
{
    begin();
    for (unsigned i = 0; i < 10; i++) {
        uint64_t now = pv_time_now();
        bool in_time;

        conform_timer_count = 0;
        pv_time_oneshot(now + 2 * PV_NS_PER_MS);
        pv_time_oneshot(now + 3600 * PV_NS_PER_S);
        in_time = pv_time_now() < now + 2 * PV_NS_PER_MS;
        if (in_time)
            CHECK(!wait_for(1, now + 5 * PV_NS_PER_MS));
    }
    pv_time_stop();
}

static void time_stop_stops(void)
{
    begin();
    for (unsigned i = 0; i < 10; i++) {
        uint64_t now = pv_time_now();
        bool in_time;

        conform_timer_count = 0;
        if (i % 2)
            pv_time_oneshot(now + 2 * PV_NS_PER_MS);
        else
            pv_time_periodic(2 * PV_NS_PER_MS);
        pv_time_stop();
        in_time = pv_time_now() < now + 2 * PV_NS_PER_MS;
        if (in_time)
            CHECK(!wait_for(1, now + 5 * PV_NS_PER_MS));
    }
    pv_time_stop();
    CHECK(!wait_for(1, pv_time_now() + PV_NS_PER_MS));
}

/* No overflow on the way to the hardware's units makes a far deadline a near one. */
static void time_oneshot_far_away_stays_away(void)
{
    const uint64_t now = pv_time_now();
    const uint64_t far[] = {
        now + 60 * PV_NS_PER_S, now + (1UL << 40), now + (1UL << 53), now + (1UL << 62), 1UL << 63,
        UINT64_MAX - 1,         UINT64_MAX};

    begin();
    for (unsigned i = 0; i < sizeof far / sizeof far[0]; i++) {
        pv_time_oneshot(far[i]);
        CHECK(!wait_for(1, pv_time_now() + 2 * PV_NS_PER_MS));
    }
    pv_time_oneshot(pv_time_now() + PV_NS_PER_MS);
    CHECK(wait_for(1, pv_time_now() + EVENTUALLY));
}

/* Only where time is the guest's own can be said how late is too late; elsewhere it comes eventually. */
static void time_oneshot_is_punctual(void)
{
    uint64_t tolerance = conform_strict() ? 20 * PV_NS_PER_US : EVENTUALLY;

    begin();
    for (unsigned i = 1; i <= 100; i++) {
        uint64_t deadline = pv_time_now() + conform_random() % PV_NS_PER_MS;

        pv_time_oneshot(deadline);
        CHECK(wait_for(i, deadline + EVENTUALLY));
        CHECK(fired_at - deadline < tolerance);
    }
}

/* Longer than the longest interval of the usual timers' counters; much longer in a soak. */
static void time_oneshot_may_take_long(void)
{
    uint64_t length = conform_n(1) >= 10 ? 6 * PV_NS_PER_S : 150 * PV_NS_PER_MS;
    uint64_t deadline = pv_time_now() + length;

    begin();
    pv_time_oneshot(deadline);
    while (conform_timer_count == 0) {
        pv_cpu_idle();
        pv_irq_disable();
    }
    CHECK(fired_at >= deadline);
    CHECK(fired_at < deadline + EVENTUALLY);
}

/* Deadlines from the handler of the last one: the way of a tickless kernel. */
static uint64_t next_deadline, chain_left;

static bool chain(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    CHECK(pv_time_now() >= next_deadline);
    if (--chain_left != 0) {
        next_deadline = pv_time_now() + conform_random() % (100 * PV_NS_PER_US);
        pv_time_oneshot(next_deadline);
    }
    return true;
}

static void time_oneshot_is_set_from_its_handler(void)
{
    uint64_t limit;

    chain_left = conform_n(300);
    limit = pv_time_now() + chain_left * EVENTUALLY;
    next_deadline = pv_time_now();
    conform_expect_trap(chain);
    pv_time_oneshot(next_deadline);
    while (*(volatile uint64_t *)&chain_left != 0 && pv_time_now() < limit) {
        pv_cpu_idle();
        pv_irq_disable();
    }
    CHECK_EQ(chain_left, 0);
}

/* Both clocks run at one rate. A reading lies between its neighbours, whatever the host does. */
static void time_wall_advances_with_now(void)
{
    uint64_t wall[2], before[2], after[2];

    if (!(conform_info->features & PV_FEATURE_WALL_CLOCK)) {
        CHECK_EQ(pv_time_wall(), 0);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        before[i] = pv_time_now();
        wall[i] = pv_time_wall();
        after[i] = pv_time_now();
        while (i == 0 && pv_time_now() < after[0] + 20 * PV_NS_PER_MS)
            pv_cpu_relax();
    }
    /* The wall clock may be steered by up to 500 ppm; 1 ms of 20 is far above that. */
    CHECK(wall[1] - wall[0] + PV_NS_PER_MS >= before[1] - after[0]);
    CHECK(wall[1] - wall[0] <= after[1] - before[0] + PV_NS_PER_MS);
}

/* Some date after this was written, or the one that reproducible runs use, and before 2100. */
static void time_wall_is_a_date(void)
{
    uint64_t seconds = pv_time_wall() / PV_NS_PER_S;

    if (!(conform_info->features & PV_FEATURE_WALL_CLOCK))
        return;
    CHECK(seconds >= 1577836800);
    CHECK(seconds < 4102444800);
}

static void time_steal_does_not_exceed_elapsed(void)
{
    uint64_t steal, start, steal_start = pv_time_steal();

    if (!(conform_info->features & PV_FEATURE_STEAL)) {
        CHECK_EQ(steal_start, 0);
        return;
    }
    start = pv_time_now();
    for (uint64_t last = steal_start; pv_time_now() < start + 20 * PV_NS_PER_MS; last = steal) {
        steal = pv_time_steal();
        CHECK(steal >= last);
        CHECK(steal - steal_start <= pv_time_now() - start + PV_NS_PER_MS);
    }
}

const struct conform_test conform_time_tests[] = {
    CONFORM_TEST(time_now_never_runs_backwards),
    CONFORM_TEST(time_now_runs_in_interrupts_too),
    CONFORM_TEST(time_oneshot_is_never_early),
    CONFORM_TEST(time_oneshot_is_punctual),
    CONFORM_TEST(time_oneshot_comes_once),
    CONFORM_TEST(time_oneshot_of_the_past_fires_at_once),
    CONFORM_TEST(time_oneshot_waits_for_the_flag),
    CONFORM_TEST(time_oneshot_nearer_replaces),
    CONFORM_TEST(time_oneshot_farther_replaces),
    CONFORM_TEST(time_stop_stops),
    CONFORM_TEST(time_oneshot_far_away_stays_away),
    CONFORM_TEST(time_oneshot_may_take_long),
    CONFORM_TEST(time_oneshot_is_set_from_its_handler),
    CONFORM_TEST(time_wall_advances_with_now),
    CONFORM_TEST(time_wall_is_a_date),
    CONFORM_TEST(time_steal_does_not_exceed_elapsed),
    {0},
};
