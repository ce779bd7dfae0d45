/* SPDX-License-Identifier: MIT */
/*
 * Clock and timer: the monitor has the host's clock and one interval timer; periods and the promise "never
 * early" are kept here, as on native: the timer is asked for one deadline at a time, on the clock of
 * pv_time_now().
 */
#include "posix.h"

static struct {
    bool armed;
    uint64_t deadline, period, start, seen, unclaimed;
} timer;

uint64_t pv_time_now(void)
{
    return pv_posix_call(PV_POSIX_CALL_CLOCK, 0, 0, 0);
}

uint64_t pv_time_wall(void)
{
    return pv_posix_call(PV_POSIX_CALL_WALL, 0, 0, 0);
}

uint64_t pv_time_steal(void)
{
    return pv_posix_call(PV_POSIX_CALL_STEAL, 0, 0, 0);
}

static void arm(void)
{
    posix_tell(PV_POSIX_CALL_TIMER, timer.deadline != 0 ? timer.deadline : 1, 0);
}

/* The k-th period ends at start + k * period, however late its interrupt was. */
static void end_periods(uint64_t now)
{
    uint64_t passed = (now - timer.start) / timer.period;

    timer.unclaimed += passed - timer.seen;
    timer.seen = passed;
    timer.deadline = timer.start + (passed + 1) * timer.period;
    arm();
}

bool posix_time_take(void)
{
    uint64_t now = pv_time_now();

    if (!timer.armed)
        return false;
    if (now < timer.deadline) {
        posix_count(PV_DEBUG_TIMER_EARLY);
        arm();
        return false;
    }
    if (timer.period != 0)
        end_periods(now);
    else
        timer.armed = false;
    return true;
}

void pv_time_oneshot(uint64_t deadline)
{
    pv_irq_flags_t flags = pv_irq_save();

    timer.armed = true;
    timer.period = timer.unclaimed = 0;
    timer.deadline = deadline;
    arm();
    pv_irq_restore(flags);
}

void pv_time_periodic(uint64_t period)
{
    pv_irq_flags_t flags = pv_irq_save();

    timer.armed = true;
    timer.period = period < PV_TIME_PERIOD_MIN ? PV_TIME_PERIOD_MIN : period;
    timer.start = pv_time_now();
    timer.seen = timer.unclaimed = 0;
    timer.deadline = timer.start + timer.period;
    arm();
    pv_irq_restore(flags);
}

void pv_time_stop(void)
{
    pv_irq_flags_t flags = pv_irq_save();

    timer.armed = false;
    timer.period = timer.unclaimed = 0;
    posix_tell(PV_POSIX_CALL_TIMER, 0, 0);
    pv_irq_restore(flags);
}

uint64_t pv_time_periods(void)
{
    uint64_t periods = timer.unclaimed;

    timer.unclaimed = 0;
    return periods;
}
