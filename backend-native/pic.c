/* SPDX-License-Identifier: MIT */
/*
 * The pair of 8259A interrupt controllers: lines 0..15 where there is no I/O APIC, else silenced.
 *
 * Only irq.c calls this. Interrupts are ended (specific EOI) as soon as they are taken, so the 8259's own
 * idea of priority and service never holds back a line; what a line in service means is kept by irq.c.
 * Intel 8259A data sheet: initialization (ICW) and operation (OCW) command words.
 */
#include "irqchip.h"
#include "native.h"

#define MASTER_COMMAND 0x20
#define SLAVE_COMMAND 0xa0
#define DATA 1 /* offset of the data port */
#define CASCADE 2
#define LINES 16

#define ICW1_INIT 0x11 /* edge-triggered, cascaded, ICW4 follows */
#define ICW4_8086 0x01
#define OCW2_SPECIFIC_EOI 0x60
#define OCW3_READ_IRR 0x0a
#define OCW3_READ_ISR 0x0b

/* Which lines are level-triggered: a register pair beside the 8259s (82371AB, ELCR). */
#define PORT_ELCR 0x4d0
#define ELCR_ALWAYS_EDGE 0x2107 /* timer, keyboard, cascade, RTC, coprocessor */

static uint16_t mask = (uint16_t)~(1u << CASCADE); /* a set bit: closed */

static uint16_t command_port(unsigned line)
{
    return line < 8 ? MASTER_COMMAND : SLAVE_COMMAND;
}

static void write_mask(void)
{
    native_outb(MASTER_COMMAND + DATA, (uint8_t)mask);
    native_outb(SLAVE_COMMAND + DATA, (uint8_t)(mask >> 8));
}

static void init_one(uint16_t port, uint8_t vector, uint8_t cascade)
{
    native_outb(port, ICW1_INIT);
    native_outb(port + DATA, vector);
    native_outb(port + DATA, cascade);
    native_outb(port + DATA, ICW4_8086);
}

/* Vectors are set even if it is not used: nothing that it may still send shall look like an exception. */
void native_pic_init(void)
{
    init_one(MASTER_COMMAND, PV_VECTOR_LINE(0), 1 << CASCADE);
    init_one(SLAVE_COMMAND, PV_VECTOR_LINE(8), CASCADE);
    write_mask();
}

bool native_pic_has(unsigned line)
{
    return native_acpi.has_pic && line < LINES && line != CASCADE;
}

static unsigned read_elcr(void)
{
    unsigned elcr = native_inb(PORT_ELCR) | (unsigned)native_inb(PORT_ELCR + 1) << 8;

    /* A machine without the register reads as all ones. */
    return elcr & ELCR_ALWAYS_EDGE ? 0 : elcr;
}

bool native_pic_level(unsigned line)
{
    return line < LINES && (read_elcr() >> line & 1) != 0;
}

/* Firmware that never used the 8259s (UEFI) may have left as edge-triggered what its tables call level. */
void native_pic_route(unsigned line)
{
    unsigned elcr = read_elcr() | 1u << line;

    if (native_acpi.isa[line].level && !(elcr & ELCR_ALWAYS_EDGE))
        native_outb(PORT_ELCR + line / 8, (uint8_t)(elcr >> (line & 8)));
}

void native_pic_set_open(unsigned line, bool open)
{
    if (open)
        mask &= (uint16_t)~(1u << line);
    else
        mask |= (uint16_t)(1u << line);
    write_mask();
}

static bool status_bit(unsigned line, uint8_t which)
{
    native_outb(command_port(line), which);
    return (native_inb(command_port(line)) >> (line & 7) & 1) != 0;
}

bool native_pic_requested(unsigned line)
{
    return status_bit(line, OCW3_READ_IRR);
}

/*
 * A request that goes away before the CPU takes it comes as input 7 without its service bit. There is
 * nothing to end then, except the cascade input of the master when it was the slave's.
 */
bool native_pic_spurious(unsigned line)
{
    if ((line & 7) != 7 || status_bit(line, OCW3_READ_ISR))
        return false;
    if (line >= 8)
        native_outb(MASTER_COMMAND, OCW2_SPECIFIC_EOI | CASCADE);
    return true;
}

void native_pic_eoi(unsigned line)
{
    native_outb(command_port(line), (uint8_t)(OCW2_SPECIFIC_EOI | (line & 7)));
    if (line >= 8)
        native_outb(MASTER_COMMAND, OCW2_SPECIFIC_EOI | CASCADE);
}
