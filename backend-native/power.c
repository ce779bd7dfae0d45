/* SPDX-License-Identifier: MIT */
/*
 * Ending: the exit status to pvrun, then whatever switches this machine off.
 *
 * ACPI 6.4: 4.8.3.2 (PM1 control), 4.8.3.7 (sleep control of hardware-reduced machines), 4.8.3.6 (reset).
 * A crash is lib/crash.c; it ends here too.
 */
#include <pvops/abi/control.h>

#include "../lib/lib.h"
#include "native.h"

#define SCI_EN 1u
#define SPIN_MAX 1000000
#define SLP_EN (1u << 13)
#define SLP_TYP_SHIFT 10
#define REDUCED_SLP_EN (1u << 5)
#define REDUCED_SLP_TYP_SHIFT 2
#define RESET_CONTROL 0xcf9 /* PCI chipsets: 6 is "reset the CPU, hard" */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe

static void write_register(pv_pa_t address, bool is_io, uint8_t value)
{
    if (is_io)
        native_outb((uint16_t)address, value);
    else
        *(volatile uint8_t *)native_map_device(address, 1) = value;
}

/* Firmware may have left the machine in legacy mode, where SLP_TYP means nothing (4.8.3.2.1). */
static void enable_acpi(void)
{
    const struct native_acpi *acpi = &native_acpi;

    if (acpi->smi_command == 0 || (native_inw(acpi->pm1a_control) & SCI_EN))
        return;
    native_outb(acpi->smi_command, acpi->acpi_enable);
    for (unsigned i = 0; i < SPIN_MAX && !(native_inw(acpi->pm1a_control) & SCI_EN); i++)
        pv_cpu_relax();
}

static void sleep_s5(void)
{
    const struct native_acpi *acpi = &native_acpi;

    if (acpi->reduced && acpi->sleep_control != 0)
        write_register(acpi->sleep_control, acpi->sleep_control_is_io,
                       (uint8_t)(acpi->sleep_type_a << REDUCED_SLP_TYP_SHIFT | REDUCED_SLP_EN));
    if (acpi->pm1a_control != 0)
        enable_acpi();
    if (acpi->pm1a_control != 0)
        native_outw(acpi->pm1a_control, (uint16_t)(acpi->sleep_type_a << SLP_TYP_SHIFT | SLP_EN));
    if (acpi->pm1b_control != 0)
        native_outw(acpi->pm1b_control, (uint16_t)(acpi->sleep_type_b << SLP_TYP_SHIFT | SLP_EN));
}

void lib_power_end(void)
{
    /* pvrun's machines have the exit device; on others its port may belong to something else: last. */
    if (lib_control_present())
        native_outl(PV_CONTROL_EXIT_PORT, 0);
    sleep_s5();
    native_outl(PV_CONTROL_EXIT_PORT, 0);
    pv_debug_puts("pvops: this machine has no power-off: parked\n");
    pv_cpu_park();
}

void pv_power_off(unsigned status)
{
    pv_irq_disable();
    pv_console_flush();
    lib_control_line("exit %u", status & 0xff);
    lib_power_end();
}

void pv_power_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0, 0};

    pv_irq_disable();
    pv_console_flush();
    lib_control_line("reboot");
    if (native_acpi.reset_register != 0)
        write_register(native_acpi.reset_register, native_acpi.reset_is_io, native_acpi.reset_value);
    native_outb(RESET_CONTROL, 6);
    native_outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
    /* No way but the oldest: a triple fault resets every PC. */
    __asm__ volatile("lidt %0; int3" ::"m"(no_idt));
    pv_cpu_park();
}
