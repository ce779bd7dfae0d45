/* SPDX-License-Identifier: MIT */
/*
 * The host's clock and its one interval timer (setitimer(2), ITIMER_REAL, SIGALRM).
 *
 * The timer serves the guest's deadline and, while user code runs, a look at its process every 100 ms.
 * Limit: the host's timer counts microseconds; deadlines are rounded up, never down.
 */
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "monitor.h"
#include "raw.h"
#include "vdso.h"

#define NS 1000000000UL
#define WATCH_NS 100000000UL

static vdso_clock_t *vdso_clock;
static volatile bool changing, alarm_came;
static uint64_t cpu_start, start, wall_start, idle_time;
static volatile uint64_t deadline, watch_at, armed_for; /* the signal handler's too */

static uint64_t read_clock(clockid_t id)
{
    struct timespec t = {0, 0};

    if (vdso_clock == NULL || id == CLOCK_PROCESS_CPUTIME_ID || vdso_clock(id, &t) != 0)
        raw(__NR_clock_gettime, id, &t);
    return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

void clock_init(uint64_t vdso)
{
    vdso_clock = vdso_find_clock(vdso);
    cpu_start = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    start = read_clock(CLOCK_MONOTONIC);
    wall_start = read_clock(CLOCK_REALTIME);
}

uint64_t clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC) - start;
}

/* Read once: the guest's wall clock advances like its monotonic one. */
uint64_t clock_wall(void)
{
    return wall_start + clock_now();
}

/* Elapsed - CPU time of this process and of the spaces - idle: what wanted to run and did not. Never less than before. */
uint64_t clock_steal(void)
{
    static uint64_t last;
    uint64_t used = read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_start + space_cpu_time() + idle_time, now = clock_now();

    if (now > used && now - used > last)
        last = now - used;
    return last;
}

static void deadline_passed(void)
{
    deadline = 0;
    ABI->timer_pending = 1;
    ABI->pending = 1;
}

static void arm(void)
{
    uint64_t next = deadline, now = clock_now(), us;
    struct itimerval timer = {{0, 0}, {0, 0}};

    if (watch_at != 0 && (next == 0 || watch_at < next))
        next = watch_at;
    if (next == armed_for)
        return;
    armed_for = next;
    if (next != 0) {
        us = next > now ? (next - now + 999) / 1000 : 1;
        timer.it_value.tv_sec = (time_t)(us / 1000000);
        timer.it_value.tv_usec = (suseconds_t)(us % 1000000);
    }
    raw(__NR_setitimer, ITIMER_REAL, &timer, 0);
}

/* Outside of the signal handler, which leaves the timer alone meanwhile. */
static void update(void)
{
    do {
        alarm_came = false;
        changing = true;
        arm();
        changing = false;
    } while (alarm_came);
}

void clock_timer(uint64_t when)
{
    deadline = when;
    if (when != 0 && when <= clock_now())
        deadline_passed();
    update();
}

/* In the signal handler. */
void clock_alarm(void)
{
    uint64_t now = clock_now();

    armed_for = 0; /* it has fired */
    if (deadline != 0 && now >= deadline)
        deadline_passed();
    if (watch_at != 0 && now >= watch_at)
        watch_at = now + WATCH_NS;
    if (changing)
        alarm_came = true;
    else
        arm();
}

void clock_watch(bool on)
{
    /* The timer is not touched on the way in and out of user code: a watch that is due late is good enough. */
    if (on && watch_at == 0) {
        watch_at = clock_now() + WATCH_NS;
        update();
    }
}

void clock_idle(void)
{
    uint64_t begin;

    monitor_attention = 0;
    if (ABI->pending)
        return;
    begin = clock_now();
    watch_at = 0; /* an idle guest wakes for nothing of ours */
    update();
    monitor_wait(__NR_pause, 0, 0, 0, 0, 0);
    idle_time += clock_now() - begin;
}
