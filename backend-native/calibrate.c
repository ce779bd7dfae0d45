/* SPDX-License-Identifier: MIT */
/*
 * How fast the TSC and the local APIC's timer run: measured against the PIT, or told by CPUID.
 *
 * Called once by time.c, interrupts off. All counters are read together at a few points in time, each of
 * them as often as it takes to find a reading that nothing came between (an SMI, a hypervisor that ran
 * something else); the two points that fit together best give the rate. Only the counters decide how long
 * it takes, so on an emulator with a virtual clock every run finds the same rates.
 *
 * SDM vol. 3, "Determining the Processor Base Frequency", and vol. 2, CPUID leaves 0x15 and 0x16.
 */
#include "clock.h"
#include "irqchip.h"
#include "native.h"

#define POINTS 4
#define TRIES 8
#define STEP_TICKS 9500u /* of the PIT between points: 8 ms */
#define ROUNDS_MAX 10    /* one is enough where nobody takes the CPU away for longer than the PIT can count */
#define PAUSE_LOOPS 5000 /* some microseconds */
#define PAUSES_MAX 20000u

#define CPUID_HYPERVISOR (1u << 31) /* leaf 1, ecx */
#define LEAF_TSC_CRYSTAL 0x15
#define LEAF_FREQUENCY 0x16
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_TIMING 0x40000010u

/* A counter and the TSC at the same time, give or take. */
struct reading {
    uint64_t tsc, error; /* cycles */
    uint64_t ticks;      /* since the start */
};

struct rate {
    uint64_t cycles, ticks; /* in the same time; ticks 0: unknown */
};

static uint64_t pit_ticks(void)
{
    return (uint16_t)(NATIVE_PIT_MAX - native_pit_read());
}

static uint64_t lapic_ticks(void)
{
    return UINT32_MAX - native_lapic_timer_count();
}

static struct reading read_once(uint64_t (*counter)(void))
{
    uint64_t begin = native_tsc(), ticks = counter(), end = native_tsc();

    return (struct reading){begin + (end - begin) / 2, end - begin, ticks};
}

static struct reading read_best(uint64_t (*counter)(void))
{
    struct reading best = read_once(counter);

    for (unsigned i = 1; i < TRIES; i++) {
        struct reading next = read_once(counter);

        if (next.error < best.error)
            best = next;
    }
    return best;
}

/* Without touching a device: an access costs an emulator more than many instructions. */
static void pause_shortly(void)
{
    for (unsigned i = 0; i < PAUSE_LOOPS; i++)
        __asm__ volatile("");
}

/* Until the PIT has counted so far; false: it does not count. */
static bool wait_for(uint64_t ticks)
{
    for (unsigned i = 0; i < PAUSES_MAX; i++) {
        if (pit_ticks() >= ticks)
            return true;
        pause_shortly();
    }
    return false;
}

static struct rate between(const struct reading *a, const struct reading *b)
{
    return (struct rate){b->tsc - a->tsc, b->ticks - a->ticks};
}

/* The two points with the least error in relation to the time between them. */
static struct rate best_rate(const struct reading *points)
{
    const struct reading *from = &points[0], *to = &points[POINTS - 1];

    for (unsigned i = 0; i < POINTS; i++) {
        for (unsigned j = i + 1; j < POINTS; j++) {
            uint64_t error = points[i].error + points[j].error, best_error = from->error + to->error;

            if (error * (to->tsc - from->tsc) < best_error * (points[j].tsc - points[i].tsc)) {
                from = &points[i];
                to = &points[j];
            }
        }
    }
    return between(from, to);
}

static bool within_percent(uint64_t a, uint64_t b)
{
    uint64_t difference = a > b ? a - b : b - a;

    return difference <= b / 100;
}

/* Whether the counter moves, and each step has the rate of the whole. */
static bool consistent(const struct reading *points, struct rate rate)
{
    for (unsigned i = 0; i + 1 < POINTS; i++) {
        struct rate step = between(&points[i], &points[i + 1]);

        if (step.ticks == 0 || !within_percent(step.cycles * rate.ticks, rate.cycles * step.ticks))
            return false;
    }
    return true;
}

static void read_points(bool lapic, struct reading *pit, struct reading *timer)
{
    native_pit_start(NATIVE_PIT_MAX);
    if (lapic)
        native_lapic_timer_start(UINT32_MAX);
    for (unsigned i = 0; i < POINTS; i++) {
        wait_for(i * STEP_TICKS);
        pit[i] = read_best(pit_ticks);
        timer[i] = lapic ? read_best(lapic_ticks) : (struct reading){0, 0, 0};
    }
}

static bool stands_still(const struct reading *points)
{
    return points[0].ticks == points[POINTS - 1].ticks;
}

/* The rates of PIT and local APIC timer against the TSC; 0 ticks for what does not count. */
static void measure(bool lapic, struct rate *pit, struct rate *timer)
{
    struct reading pit_points[POINTS], timer_points[POINTS];
    bool good = false;

    for (unsigned round = 0; round < ROUNDS_MAX && !good; round++) {
        read_points(lapic, pit_points, timer_points);
        *pit = best_rate(pit_points);
        *timer = best_rate(timer_points);
        good = (consistent(pit_points, *pit) || stands_still(pit_points)) &&
               (consistent(timer_points, *timer) || stands_still(timer_points));
    }
}

/* The TSC's rate as a hypervisor tells it, in kHz (a convention of VMware's that others follow), or 0. */
static uint64_t told_by_hypervisor(void)
{
    uint32_t id[4];

    native_cpuid(1, 0, id);
    if (!(id[2] & CPUID_HYPERVISOR))
        return 0;
    native_cpuid(LEAF_HYPERVISOR, 0, id);
    if (id[0] < LEAF_TIMING)
        return 0;
    native_cpuid(LEAF_TIMING, 0, id);
    return id[0] * 1000UL;
}

/* From the crystal's rate and the ratio to it. Where the crystal's rate is not told, nothing is known. */
static uint64_t told_by_cpu(void)
{
    uint32_t id[4];

    native_cpuid(0, 0, id);
    if (id[0] < LEAF_TSC_CRYSTAL)
        return 0;
    native_cpuid(LEAF_TSC_CRYSTAL, 0, id);
    return id[0] == 0 ? 0 : (uint64_t)id[2] * id[1] / id[0];
}

/* The base frequency in MHz is the TSC's within some parts in a thousand: for machines without a PIT. */
static uint64_t told_roughly(void)
{
    uint32_t id[4];

    native_cpuid(0, 0, id);
    if (id[0] < LEAF_FREQUENCY)
        return 0;
    native_cpuid(LEAF_FREQUENCY, 0, id);
    return (id[0] & 0xffff) * 1000000UL;
}

/* What was told is exact, unless it tells of another machine than the one that runs. */
static uint64_t choose(uint64_t measured)
{
    uint64_t told = told_by_hypervisor();

    if (told == 0)
        told = told_by_cpu();
    if (told != 0 && (measured == 0 || within_percent(told, measured)))
        return told;
    return measured != 0 ? measured : told_roughly();
}

struct native_rates native_calibrate(bool lapic)
{
    struct native_rates rates = {0, 0};
    struct rate pit = {0, 0}, timer = {0, 0};

    measure(lapic, &pit, &timer);
    rates.tsc_hz = choose(pit.ticks == 0 ? 0 : pit.cycles * NATIVE_PIT_HZ_12 / (12 * pit.ticks));
    if (timer.cycles != 0)
        rates.lapic_hz = timer.ticks * rates.tsc_hz / timer.cycles;
    return rates;
}
