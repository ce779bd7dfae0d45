/* SPDX-License-Identifier: MIT */
/*
 * The I/O APICs: which pin a line is, how it is triggered, and whether it is open.
 *
 * Only irq.c calls this. Lines 0..15 are the ISA lines and go where the ACPI tables say; lines from 16 on are
 * global system interrupts of the same number. Intel 82093AA data sheet, 3.2; ACPI 6.4, 5.2.12.5.
 */
#include "irqchip.h"
#include "native.h"

#define REG_SELECT 0 /* in 32-bit words */
#define REG_WINDOW 4
#define VERSION 0x01
#define ENTRY_LOW(pin) (0x10 + 2 * (pin))
#define ENTRY_HIGH(pin) (0x11 + 2 * (pin))

#define ENTRY_LOW_ACTIVE (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

#define ISA_LINES 16
#define PINS_MIN 8
#define PINS_MAX 240

struct ioapic {
    volatile uint32_t *regs;
    uint32_t gsi; /* of pin 0 */
    unsigned pins;
};

static struct ioapic chips[NATIVE_IOAPICS_MAX];
static unsigned chip_count;
static uint32_t entries[PV_IRQ_LINES]; /* low words of the routed lines, without the mask bit */

static uint32_t chip_read(const struct ioapic *chip, uint32_t reg)
{
    chip->regs[REG_SELECT] = reg;
    return chip->regs[REG_WINDOW];
}

static void chip_write(const struct ioapic *chip, uint32_t reg, uint32_t value)
{
    chip->regs[REG_SELECT] = reg;
    chip->regs[REG_WINDOW] = value;
}

/* Where no chip answers, the version register reads as zeros or ones. */
static void add_chip(const struct native_acpi_ioapic *found)
{
    struct ioapic chip = {native_map_device(found->base, 0x20), found->gsi, 0};

    chip.pins = (chip_read(&chip, VERSION) >> 16 & 0xff) + 1;
    if (chip.pins < PINS_MIN || chip.pins > PINS_MAX)
        return;
    for (unsigned pin = 0; pin < chip.pins; pin++)
        chip_write(&chip, ENTRY_LOW(pin), ENTRY_MASKED);
    chips[chip_count++] = chip;
}

bool native_ioapic_init(void)
{
    for (unsigned i = 0; i < native_acpi.ioapic_count; i++)
        add_chip(&native_acpi.ioapic[i]);
    return chip_count > 0;
}

static uint32_t gsi_of(unsigned line)
{
    return line < ISA_LINES ? native_acpi.isa[line].gsi : line;
}

static const struct ioapic *chip_of(uint32_t gsi)
{
    for (unsigned i = 0; i < chip_count; i++)
        if (gsi >= chips[i].gsi && gsi - chips[i].gsi < chips[i].pins)
            return &chips[i];
    return NULL;
}

/* A pin that an ISA line was moved to is that line's alone: line 2 is none where the timer sits at pin 2. */
static bool taken_by_another(unsigned line)
{
    for (unsigned isa = 0; isa < ISA_LINES; isa++)
        if (isa != line && gsi_of(isa) != isa && gsi_of(isa) == gsi_of(line))
            return true;
    return false;
}

bool native_ioapic_has(unsigned line)
{
    return chip_of(gsi_of(line)) != NULL && !taken_by_another(line);
}

/*
 * Limit: what lies above the ISA lines is taken for PCI's, level-triggered and low-active; the tables that
 * say otherwise are AML code, which is not interpreted.
 */
bool native_ioapic_level(unsigned line)
{
    if (line >= ISA_LINES)
        return true;
    /* Without tables the 8259's setting is all that is known. */
    return native_acpi.found ? native_acpi.isa[line].level : native_pic_level(line);
}

/* Limit: the destination has 8 bits (physical mode): a CPU with a larger x2APIC number cannot take lines. */
void native_ioapic_route(unsigned line, unsigned vector, uint32_t apic_id)
{
    const struct ioapic *chip = chip_of(gsi_of(line));
    unsigned pin = gsi_of(line) - chip->gsi;
    bool low = line < ISA_LINES ? native_acpi.isa[line].low : true;

    entries[line] = vector | (low ? ENTRY_LOW_ACTIVE : 0) | (native_ioapic_level(line) ? ENTRY_LEVEL : 0);
    chip_write(chip, ENTRY_LOW(pin), entries[line] | ENTRY_MASKED);
    chip_write(chip, ENTRY_HIGH(pin), apic_id << 24);
}

void native_ioapic_set_open(unsigned line, bool open)
{
    const struct ioapic *chip = chip_of(gsi_of(line));
    unsigned pin = gsi_of(line) - chip->gsi;

    chip_write(chip, ENTRY_LOW(pin), entries[line] | (open ? 0 : ENTRY_MASKED));
    /* A closed pin must be closed before the local APIC's EOI lets it send again: wait for the write. */
    if (!open)
        (void)chip_read(chip, ENTRY_LOW(pin));
}
