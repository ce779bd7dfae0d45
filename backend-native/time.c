/* SPDX-License-Identifier: MIT */
/*
 * The clock and the timer of pvops/time.h: the TSC counts, the local APIC's timer interrupts, or the PIT
 * where there is none.
 *
 * boot.c calls native_time_init() once; irq.c tells when the hardware timer came in (native_time_expired())
 * or a kick did (native_time_take()). The hardware is only ever asked for the next deadline: it is compared
 * with the clock, so a timer that is early or does not reach far enough is armed again, and periods cannot
 * drift. How the rates are measured: calibrate.c.
 *
 * Limit: the TSC must have a constant rate and be the same on all CPUs (SDM vol. 3, "Invariant TSC").
 */
#include "clock.h"
#include "irqchip.h"
#include "native.h"

#define NEVER UINT64_MAX
#define FAR_NS (4 * PV_NS_PER_S) /* the hardware timer is not asked for more at once */

/* The timer of one CPU. */
struct timer {
    bool armed;
    uint64_t deadline;
    uint64_t period;    /* 0: one-shot */
    uint64_t start;     /* of the first period */
    uint64_t seen;      /* periods since then, at the last interrupt */
    uint64_t unclaimed; /* of these, not yet told by pv_time_periods() */
};

bool native_force_pit;

static struct timer timer; /* one per CPU as soon as there are several */
static bool on_pit;

static uint64_t tsc_base;     /* TSC at time 0 */
static uint64_t ns_per_cycle; /* 32 fraction bits */
static uint64_t ticks_per_ns; /* of the hardware timer, 32 fraction bits */
static uint32_t ticks_max;    /* the longest time it can be set to */
static uint64_t wall_base;    /* wall time at time 0, ns; 0: not known */

static uint64_t scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)value * factor >> 32);
}

/* a / b with 32 fraction bits; a below 2^34. */
static uint64_t ratio(uint64_t a, uint64_t b)
{
    return (a << 30) / b << 2;
}

/* --- the clock --- */

uint64_t pv_time_now(void)
{
    return scale(native_tsc() - tsc_base, ns_per_cycle);
}

/* Limit: the clock chip shows whole seconds, so wall time may be up to one second behind. */
uint64_t pv_time_wall(void)
{
    return wall_base == 0 ? 0 : wall_base + pv_time_now();
}

bool native_time_has_wall(void)
{
    return wall_base != 0;
}

/* Bare hardware takes no time away; a hypervisor that does has no way to tell us here. */
uint64_t pv_time_steal(void)
{
    return 0;
}

/* --- the timer --- */

/* At most FAR_NS ahead, rounded up: better late by one tick than early and then once more. */
static void hardware_start(uint64_t ns)
{
    uint64_t ticks = scale(ns < FAR_NS ? ns : FAR_NS, ticks_per_ns) + 1;
    uint32_t count = ticks < ticks_max ? (uint32_t)ticks : ticks_max;

    if (on_pit)
        native_pit_start((uint16_t)count);
    else
        native_lapic_timer_start(count);
}

static void hardware_stop(void)
{
    /* The PIT cannot be stopped; its interrupt will find nothing to do. */
    if (!on_pit)
        native_lapic_timer_start(0);
}

void native_time_arm(void)
{
    uint64_t now = pv_time_now();

    if (!timer.armed || native_irq_pit_in_use())
        return;
    if (now < timer.deadline) {
        hardware_start(timer.deadline - now);
    } else {
        hardware_stop();
        native_irq_kick();
    }
}

/* The k-th period ends at start + k * period, however late its interrupt was. */
static void end_periods(uint64_t now)
{
    uint64_t passed = (now - timer.start) / timer.period;

    timer.unclaimed += passed - timer.seen;
    timer.seen = passed;
    timer.deadline = timer.start + (passed + 1) * timer.period;
    native_time_arm();
}

bool native_time_take(void)
{
    uint64_t now = pv_time_now();

    if (!timer.armed || now < timer.deadline)
        return false;
    if (timer.period != 0)
        end_periods(now);
    else
        timer.armed = false;
    return true;
}

bool native_time_expired(void)
{
    if (native_time_take())
        return true;
    native_count(timer.armed ? PV_DEBUG_TIMER_EARLY : PV_DEBUG_SPURIOUS);
    native_time_arm();
    return false;
}

bool native_time_on_pit(void)
{
    return on_pit;
}

static void set(struct timer setting)
{
    pv_irq_flags_t flags = pv_irq_save();

    timer = setting;
    if (timer.armed)
        native_time_arm();
    else
        hardware_stop();
    pv_irq_restore(flags);
}

void pv_time_oneshot(uint64_t deadline)
{
    set((struct timer){.armed = true, .deadline = deadline});
}

void pv_time_periodic(uint64_t period)
{
    uint64_t start = pv_time_now();

    if (period < PV_TIME_PERIOD_MIN)
        period = PV_TIME_PERIOD_MIN;
    if (period > NEVER - start)
        period = NEVER - start;
    set((struct timer){.armed = true, .deadline = start + period, .period = period, .start = start});
}

void pv_time_stop(void)
{
    set((struct timer){.armed = false});
}

uint64_t pv_time_periods(void)
{
    uint64_t periods = timer.unclaimed;

    timer.unclaimed = 0;
    return periods;
}

/* --- start --- */

static void use_hardware(uint64_t hz, uint32_t max)
{
    ticks_per_ns = ratio(hz, PV_NS_PER_S);
    ticks_max = max;
}

void native_time_init(void)
{
    uint64_t begin = native_tsc(), seconds;
    bool lapic = native_irq_has_lapic();
    struct native_rates rates = native_calibrate(lapic);

    if (rates.tsc_hz == 0)
        pv_power_crash("native: no PIT and no CPUID leaf to tell how fast the TSC runs", NULL);
    tsc_base = begin;
    ns_per_cycle = ratio(PV_NS_PER_S, rates.tsc_hz);
    on_pit = rates.lapic_hz == 0 || native_force_pit;
    if (on_pit) {
        use_hardware(NATIVE_PIT_HZ_12 / 12, NATIVE_PIT_MAX);
        native_irq_claim_pit();
    } else {
        use_hardware(rates.lapic_hz, UINT32_MAX);
        native_lapic_timer_init(true);
    }
    seconds = native_rtc_read();
    wall_base = seconds == 0 ? 0 : seconds * PV_NS_PER_S - pv_time_now();
}
