/* SPDX-License-Identifier: MIT */
/*
 * Output at any time, counters, and the control channel to pvrun.
 *
 * The control channel (pvops/abi/control.h) is QEMU's debug console; without it its writes are dropped.
 * Trace events and the crash dump that shows them are shared by the backends: lib/trace.c, lib/crash.c.
 */
#include <pvops/abi/control.h>

#include "../lib/lib.h"
#include "console.h"
#include "native.h"

uint64_t native_counters[PV_DEBUG_COUNTERS];

void pv_debug_write(const char *data, size_t size)
{
    native_console_put(data, size);
}

void pv_debug_puts(const char *text)
{
    pv_debug_write(text, strlen(text));
}

uint64_t pv_debug_counter(enum pv_debug_counter counter)
{
    return (unsigned)counter < PV_DEBUG_COUNTERS ? native_counters[counter] : 0;
}

bool lib_control_present(void)
{
    return native_inb(PV_CONTROL_PORT) == PV_CONTROL_PRESENT;
}

void lib_control_write(const char *data, size_t size)
{
    while (size-- > 0)
        native_outb(PV_CONTROL_PORT, (uint8_t)*data++);
}
