/* SPDX-License-Identifier: MIT */
/*
 * Ways to end that no test can come back from, each a run of its own: conform.mode=NAME. The scripts in
 * tests/e2e check pvrun's status and what it shows.
 *
 *     crash         pv_power_crash()                                          status 70
 *     doublefault   a handler that declines a double fault by returning       status 70
 *     noentry       a trap before pv_trap_init()                              status 70
 *     return        pv_kernel_main() returns                                  status 70
 *     off           pv_power_off() with conform.status=                       that status
 *     reboot        pv_power_reboot(); the next start says the same again
 *     park          pv_cpu_park(): nothing more, with a timer running
 *     echo          gives back what comes in, by interrupts, until a 'q'       status 0
 */
#include "conform.h"

#define GUARD_VA (PV_VMAP_BASE + 0x10000)

static void mode_crash(void)
{
    pv_debug_trace("conform", 1, 2);
    pv_power_crash("asked for by conform.mode", NULL);
}

static void mode_noentry(void)
{
    pv_debug_break();
}

static void mode_return(void)
{
}

static bool decline(struct pv_frame *frame)
{
    if (frame->vector != PV_EXCEPTION_DF)
        pv_power_off(1);
    return true;
}

static void mode_doublefault(void)
{
    struct pv_frame frame;

    conform_map(conform_info->root, GUARD_VA, conform_page(), CONFORM_KERNEL_RW);
    conform_expect_trap(decline);
    conform_frame_kernel(&frame, (const void *)mode_noentry);
    /* The first push goes to the page below, which is not there. */
    frame.rsp = GUARD_VA;
    conform_enter(&frame);
}

static void mode_off(void)
{
    pv_power_off((unsigned)conform_option_number("conform.status", 0));
}

static void mode_reboot(void)
{
    conform_puts("start\n");
    pv_power_reboot();
}

static uint64_t park_time;

/* A tick may still come before the CPU has parked; one that comes long after has found it awake. */
static bool park_tick(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER || pv_time_now() > park_time + PV_NS_PER_S)
        pv_power_off(1);
    return true;
}

static void mode_park(void)
{
    conform_puts("parked\n");
    conform_expect_trap(park_tick);
    park_time = pv_time_now();
    pv_time_periodic(PV_NS_PER_MS);
    pv_irq_enable();
    pv_cpu_park();
}

static char echo_buffer[256];
static volatile size_t echo_size;

static bool echo_handler(struct pv_frame *frame)
{
    unsigned line = (unsigned)pv_console_line();

    if (frame->vector != PV_VECTOR_LINE(line))
        return false;
    pv_console_events();
    echo_size = echo_size + pv_console_read(echo_buffer + echo_size, sizeof echo_buffer - echo_size);
    pv_irq_eoi(line);
    return true;
}

/* Input by interrupts, output by the blocking helper; bytes are passed on as they are. */
static void mode_echo(void)
{
    conform_expect_trap(echo_handler);
    if (pv_irq_attach((unsigned)pv_console_line()) != 0)
        pv_power_off(2);
    pv_irq_unmask((unsigned)pv_console_line());
    conform_puts("echo\n");
    for (;;) {
        size_t size = echo_size;

        if (size == 0) {
            pv_cpu_idle();
            pv_irq_disable();
            continue;
        }
        pv_console_write_all(echo_buffer, size);
        for (size_t i = 0; i < size; i++)
            if (echo_buffer[i] == 'q')
                pv_power_off(0);
        /* What did not fit before: the line tells of more only after a read to the end. */
        echo_size = pv_console_read(echo_buffer, sizeof echo_buffer);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
    bool before_traps;
} modes[] = {
    {"noentry", mode_noentry, true}, {"return", mode_return, true},
    {"crash", mode_crash, false},    {"doublefault", mode_doublefault, false},
    {"off", mode_off, false},        {"reboot", mode_reboot, false},
    {"park", mode_park, false},      {"echo", mode_echo, false},
};

bool conform_mode(bool before_traps)
{
    char name[32];

    if (pv_boot_option(conform_info, "conform.mode", name, sizeof name) <= 0)
        return false;
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (modes[i].before_traps == before_traps && conform_equal(modes[i].name, name)) {
            modes[i].run();
            return true;
        }
    if (!before_traps)
        pv_power_crash("unknown conform.mode", NULL);
    return false;
}
