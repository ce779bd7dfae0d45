/* SPDX-License-Identifier: MIT */
/* The console is a socket to pvrun, which has the user's terminal. The monitor does the system calls. */
#include "posix.h"

size_t pv_console_write(const char *data, size_t size)
{
    return pv_posix_call(PV_POSIX_CALL_CONSOLE_WRITE, (uint64_t)data, size, 0);
}

void pv_console_write_all(const char *data, size_t size)
{
    posix_tell(PV_POSIX_CALL_DEBUG_WRITE, (uint64_t)data, size);
}

size_t pv_console_read(char *data, size_t size)
{
    return pv_posix_call(PV_POSIX_CALL_CONSOLE_READ, (uint64_t)data, size, 0);
}

unsigned pv_console_events(void)
{
    return (unsigned)pv_posix_call(PV_POSIX_CALL_CONSOLE_EVENTS, 0, 0, 0);
}

int pv_console_line(void)
{
    return PV_POSIX_CONSOLE_LINE;
}

void pv_console_flush(void)
{
    posix_tell(PV_POSIX_CALL_CONSOLE_FLUSH, 0, 0);
}
