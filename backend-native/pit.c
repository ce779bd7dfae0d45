/* SPDX-License-Identifier: MIT */
/*
 * Channel 0 of the 8254 interval timer: what the TSC is measured by (calibrate.c), the timer of machines
 * without a local APIC (time.c), and there also the only way for software to interrupt itself (irq.c).
 *
 * Intel 8254 data sheet: control word, counter latch command, mode definitions.
 */
#include "clock.h"
#include "native.h"

#define PORT_COUNTER 0x40
#define PORT_CONTROL 0x43

/* Control words for channel 0: both bytes of the count, binary. */
#define LATCH 0x00
#define MODE_0 0x30 /* interrupt on terminal count: output low, high from 0 on */
#define MODE_1 0x32 /* one-shot started by the gate input: output high until then */

static void load(uint8_t control, uint16_t count)
{
    native_outb(PORT_CONTROL, control);
    native_outb(PORT_COUNTER, (uint8_t)count);
    native_outb(PORT_COUNTER, (uint8_t)(count >> 8));
}

void native_pit_start(uint16_t count)
{
    load(MODE_0, count);
}

uint16_t native_pit_read(void)
{
    uint8_t low;

    native_outb(PORT_CONTROL, LATCH);
    low = native_inb(PORT_COUNTER);
    return (uint16_t)(low | native_inb(PORT_COUNTER) << 8);
}

/*
 * Mode 0 pulls the output down, mode 1 lifts it: an edge. It stays up, as the 8259 wants, since channel 0's
 * gate input is wired high and never starts the one-shot. (Emulations may count all the same; then the edge
 * comes after one tick at the latest.)
 */
void native_pit_edge(void)
{
    load(MODE_0, 0);
    load(MODE_1, 1);
}
