/* SPDX-License-Identifier: MIT */
/*
 * What the files of the native backend share. Nothing here is seen by kernels.
 *
 * The order of bringing the machine up is in boot.c; each file below is one part of it.
 */
#ifndef PVOPS_NATIVE_H
#define PVOPS_NATIVE_H

#include <pvops/pvops.h>

#include "../lib/lib.h"

/* Port and register access. */

PV_INLINE uint8_t native_inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

PV_INLINE void native_outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

PV_INLINE uint16_t native_inw(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

PV_INLINE void native_outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

PV_INLINE void native_outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

PV_INLINE void native_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}

/* mmu.c: device registers (uncached) and firmware tables (cached) at an address of the backend's own. */
volatile void *native_map_device(pv_pa_t pa, uint64_t size);
const void *native_map_firmware(pv_pa_t pa, uint64_t size);

/* acpi.c: what the firmware's tables say; without tables every field keeps the PC's default. */
#define NATIVE_IOAPICS_MAX 4

struct native_acpi_override {
    uint32_t gsi;
    bool level, low;
};

struct native_acpi_ioapic {
    pv_pa_t base;                            /* register page */
    uint32_t gsi;                            /* its first line */
};

struct native_acpi {
    bool found;                              /* tables are there */
    bool has_pic;                            /* 8259s are there (MADT flag; true without tables) */
    bool has_rtc;                            /* a CMOS clock may be there */
    uint8_t century;                         /* its century register, 0: none */
    unsigned cpu_count;                      /* enabled processors, at least 1 */
    unsigned ioapic_count;
    struct native_acpi_ioapic ioapic[NATIVE_IOAPICS_MAX];
    struct native_acpi_override isa[16];     /* where the ISA lines go */
    uint16_t pm1a_control, pm1b_control;     /* ports for S5, 0: none, or no \_S5_ was found */
    uint16_t sleep_type_a, sleep_type_b;     /* SLP_TYP values of \_S5_ */
    uint16_t smi_command;                    /* port that turns ACPI on where SCI_EN is clear, 0: always on */
    uint8_t acpi_enable;                     /* what to write there */
    bool reduced;                            /* hardware-reduced ACPI: the sleep control register instead */
    pv_pa_t sleep_control;                   /* its address, 0: none */
    bool sleep_control_is_io;
    pv_pa_t reset_register;                  /* 0: none */
    bool reset_is_io;
    uint8_t reset_value;
};

extern struct native_acpi native_acpi;

void native_acpi_init(pv_pa_t rsdp); /* 0: search the BIOS area */

/* irq.c: lines by I/O APIC or 8259, CPU interrupts by local APIC where there is one. */
extern bool native_force_pic; /* set before native_irq_init(): the 8259s although there is an I/O APIC */

void native_irq_init(void);
bool native_irq_has_lapic(void);
/*
 * An interrupt came in at a vector from 0xd0 on, interrupts are off: acknowledge it and say which vector the
 * kernel is to see (PV_VECTOR_LINE, PV_VECTOR_TIMER, PV_VECTOR_IPI; not always the one that came in), or 0:
 * none, it was remembered, too early, or spurious.
 */
unsigned native_irq_resolve(unsigned vector);

/* time.c: the clock from the TSC, the timer from the local APIC or the PIT. */
extern bool native_force_pit; /* set before native_time_init(): the PIT although there is a local APIC */

void native_time_init(void); /* after native_irq_init() */
bool native_time_has_wall(void); /* PV_FEATURE_WALL_CLOCK */

/* debug.c */
extern uint64_t native_counters[PV_DEBUG_COUNTERS];

PV_INLINE void native_count(enum pv_debug_counter counter)
{
    native_counters[counter]++;
}

/* console.c */
void native_console_init(void);

/* cpu.c: control registers, FPU and XSAVE set-up of this CPU. */
void native_cpu_init(void);

#endif
