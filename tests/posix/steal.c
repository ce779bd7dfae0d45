/* SPDX-License-Identifier: MIT */
/*
 * A guest that watches its clocks while the host takes the CPU away: tests/e2e/64-steal-posix.sh stops the
 * vcpu process or makes the host busy meanwhile. It works for steal.ms= ms of its time, or idles with
 * steal.idle=1, under a periodic timer, and prints one line: what passed, what was stolen, periods and
 * interrupts, how often the clock went back, and the longest time between two looks at it; times in us.
 */
#include <pvops/pvops.h>

static volatile uint64_t interrupts, periods;

static void on_trap(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        pv_power_crash("a trap that is no timer's", frame);
    interrupts = interrupts + 1;
    periods = periods + pv_time_periods();
}

static void print_number(const char *name, uint64_t value)
{
    char digits[24];
    unsigned at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    pv_console_write_all(name, __builtin_strlen(name));
    pv_console_write_all(digits + at, sizeof digits - at);
}

static uint64_t option(const struct pv_boot_info *info, const char *name, uint64_t otherwise)
{
    char text[16];
    uint64_t value = 0;

    if (pv_boot_option(info, name, text, sizeof text) <= 0)
        return otherwise;
    for (const char *p = text; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    return value;
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    uint64_t length = option(info, "steal.ms", 2000) * PV_NS_PER_MS, idle = option(info, "steal.idle", 0);
    uint64_t start, stolen, last, back = 0, gap = 0, now;

    pv_trap_init(on_trap);
    pv_console_write_all("begin\n", 6);
    pv_time_periodic(PV_NS_PER_MS);
    pv_irq_enable();
    start = last = pv_time_now();
    stolen = pv_time_steal();
    do {
        if (idle) {
            pv_irq_disable();
            pv_cpu_idle();
        }
        now = pv_time_now();
        back += now < last;
        gap = now > last && now - last > gap ? now - last : gap;
        last = now;
    } while (now < start + length);
    stolen = pv_time_steal() - stolen;
    pv_irq_disable();
    pv_time_stop();
    print_number("elapsed=", (now - start) / 1000);
    print_number(" stolen=", stolen / 1000);
    print_number(" periods=", periods);
    print_number(" interrupts=", interrupts);
    print_number(" back=", back);
    print_number(" gap=", gap / 1000);
    pv_console_write_all("\n", 1);
    pv_power_off(0);
}
