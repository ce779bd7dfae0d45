/* SPDX-License-Identifier: MIT */
/* The calls of the guest half (pvops/backend/abi.h), from start.S on the monitor's own stack. */
#include "launch.h"
#include "monitor.h"
#include "raw.h"

static uint64_t control(pv_va_t data, uint64_t size)
{
    char line[512];

    if (size <= sizeof line && guest_read(line, data, size))
        monitor_control(line, size);
    return 0;
}

static void invalidate(pv_va_t va, uint64_t size)
{
    fill_drop(va, size);
    if (va < USER_END)
        space_invalidate(va, size, size > USER_END - va);
}

static void invalidate_all(void)
{
    fill_drop_all();
    space_invalidate(0, 0, true);
}

static __attribute__((noreturn)) void park(void)
{
    for (;;)
        raw(__NR_pause);
}

static uint64_t call_console(uint64_t nr, uint64_t a, uint64_t b)
{
    switch (nr) {
    case PV_POSIX_CALL_CONSOLE_WRITE:
        return console_write(a, b);
    case PV_POSIX_CALL_CONSOLE_READ:
        return console_read(a, b);
    case PV_POSIX_CALL_CONSOLE_EVENTS:
        return console_events();
    case PV_POSIX_CALL_CONSOLE_FLUSH:
        console_flush();
        return 0;
    case PV_POSIX_CALL_DEBUG_WRITE:
        console_write_all(a, b);
        return 0;
    default:
        return control(a, b);
    }
}

static uint64_t call_other(uint64_t nr, uint64_t a, uint64_t b)
{
    switch (nr) {
    case PV_POSIX_CALL_INVALIDATE:
        invalidate(a, b);
        return 0;
    case PV_POSIX_CALL_INVALIDATE_ALL:
        invalidate_all();
        return 0;
    case PV_POSIX_CALL_ROOT_LOADED:
        fill_drop_user();
        return 0;
    case PV_POSIX_CALL_ROOT_RELEASE:
        space_release(a);
        return 0;
    case PV_POSIX_CALL_FPU_SAVE:
        fpu_save(a);
        return 0;
    case PV_POSIX_CALL_FPU_RESTORE:
        return fpu_restore(a) ? 0 : 1;
    case PV_POSIX_CALL_BASE_SET:
        return (uint64_t)raw(__NR_arch_prctl, 0x1001 /* ARCH_SET_GS */, a);
    case PV_POSIX_CALL_GUARD:
        if (a >= PV_POSIX_KERNEL && a < PV_POSIX_DIRECT)
            raw(__NR_munmap, a & PV_PAGE_MASK, PV_PAGE_SIZE);
        return 0;
    case PV_POSIX_CALL_END:
        monitor_exit();
    case PV_POSIX_CALL_PARK:
        park();
    default:
        monitor_crash_guest("a call of the monitor that does not exist: other versions of archive and pvrun?", NULL);
        return 0;
    }
}

uint64_t monitor_call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    switch (nr) {
    case PV_POSIX_CALL_IDLE:
        clock_idle();
        return 0;
    case PV_POSIX_CALL_USER:
        run_user(a);
    case PV_POSIX_CALL_TIMER:
        clock_timer(a);
        return 0;
    case PV_POSIX_CALL_CLOCK:
        return clock_now();
    case PV_POSIX_CALL_WALL:
        return clock_wall();
    case PV_POSIX_CALL_STEAL:
        return clock_steal();
    default:
        return nr >= PV_POSIX_CALL_CONSOLE_WRITE && nr <= PV_POSIX_CALL_CONTROL ? call_console(nr, a, b)
                                                                                : call_other(nr, a, b);
    }
}
