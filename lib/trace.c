/* SPDX-License-Identifier: MIT */
/*
 * pv_debug_trace(): the last events in a ring, shown by lib/crash.c.
 * Limit: one ring for all CPUs; writers take their place atomically, a reader may see an event half written.
 */
#include "lib.h"

static struct lib_trace_event ring[PV_DEBUG_TRACE_EVENTS];
static uint64_t written;

void pv_debug_trace(const char *name, uint64_t a, uint64_t b)
{
    uint64_t at = __atomic_fetch_add(&written, 1, __ATOMIC_RELAXED);
    struct lib_trace_event *event = &ring[at % PV_DEBUG_TRACE_EVENTS];

    event->time = pv_time_now();
    event->a = a;
    event->b = b;
    event->name = name;
}

bool lib_trace_get(unsigned i, struct lib_trace_event *event)
{
    uint64_t first = written > PV_DEBUG_TRACE_EVENTS ? written - PV_DEBUG_TRACE_EVENTS : 0;

    if (first + i >= written || i >= PV_DEBUG_TRACE_EVENTS)
        return false;
    *event = ring[(first + i) % PV_DEBUG_TRACE_EVENTS];
    return true;
}
