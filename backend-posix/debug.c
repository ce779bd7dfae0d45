/* SPDX-License-Identifier: MIT */
/* Output at any time, counters, and the control channel: all by calls of the monitor. */
#include "posix.h"

uint64_t posix_counters[PV_DEBUG_COUNTERS];
extern uint64_t posix_user_refused; /* entry.S */

void pv_debug_write(const char *data, size_t size)
{
    posix_tell(PV_POSIX_CALL_DEBUG_WRITE, (uint64_t)data, size);
}

void pv_debug_puts(const char *text)
{
    pv_debug_write(text, strlen(text));
}

uint64_t pv_debug_counter(enum pv_debug_counter counter)
{
    if (counter == PV_DEBUG_USER_REFUSED)
        return posix_user_refused;
    return (unsigned)counter < PV_DEBUG_COUNTERS ? posix_counters[counter] : 0;
}

bool lib_control_present(void)
{
    return true;
}

void lib_control_write(const char *data, size_t size)
{
    posix_tell(PV_POSIX_CALL_CONTROL, (uint64_t)data, size);
}
