/* SPDX-License-Identifier: MIT */
/*
 * The console: a 16550 UART at the address of COM1, in both directions by interrupts.
 *
 * Thin on purpose: the chip's FIFO is the only buffer, so that write takes at most 16 bytes and read gives
 * what has come in. (National Semiconductor PC16550D data sheet.) debug.c writes to the same chip by polling.
 */
#include "console.h"
#include "native.h"

#define COM1 0x3f8
#define COM1_LINE 4
#define FIFO_SIZE 16

enum { DATA = COM1, IER = COM1 + 1, IIR = COM1 + 2, FCR = COM1 + 2, LCR = COM1 + 3, MCR = COM1 + 4, LSR = COM1 + 5, SCR = COM1 + 7 };

#define IER_RX 0x01
#define IER_TX 0x02
#define LSR_DATA 0x01
#define LSR_TX_EMPTY 0x20   /* the FIFO */
#define LSR_TX_IDLE 0x40    /* the FIFO and the shift register */
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define FCR_ENABLE_CLEAR 0x07
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 connects the interrupt on PCs */

static bool present;
static uint8_t interrupts; /* IER */

static void set_interrupts(unsigned value)
{
    if (interrupts == value)
        return;
    interrupts = (uint8_t)value;
    native_outb(IER, interrupts);
}

void native_console_init(void)
{
    /* A chip keeps what its scratch register is given. */
    native_outb(SCR, 0x5a);
    if (native_inb(SCR) != 0x5a)
        return;
    native_outb(IER, 0);
    native_outb(LCR, LCR_DLAB);
    native_outb(DATA, 1); /* divisor 1: 115200 baud */
    native_outb(IER, 0);
    native_outb(LCR, LCR_8N1);
    native_outb(FCR, FCR_ENABLE_CLEAR);
    native_outb(MCR, MCR_DTR_RTS_OUT2);
    present = true;
    set_interrupts(IER_RX);
}

static bool can_send(void)
{
    return (native_inb(LSR) & LSR_TX_EMPTY) != 0;
}

size_t pv_console_write(const char *data, size_t size)
{
    size_t room = FIFO_SIZE, taken = 0;

    if (!present)
        return size;
    if (!can_send())
        room = 0;
    while (taken < size && taken < room)
        native_outb(DATA, (uint8_t)data[taken++]);
    set_interrupts(taken < size ? interrupts | IER_TX : interrupts & ~(unsigned)IER_TX);
    return taken;
}

void pv_console_write_all(const char *data, size_t size)
{
    while (size > 0) {
        size_t taken = pv_console_write(data, size);

        data += taken;
        size -= taken;
        if (taken == 0)
            pv_cpu_relax();
    }
}

size_t pv_console_read(char *data, size_t size)
{
    size_t taken = 0;

    if (!present)
        return 0;
    while (taken < size && (native_inb(LSR) & LSR_DATA))
        data[taken++] = (char)native_inb(DATA);
    if (taken < size)
        set_interrupts(interrupts | IER_RX);
    return taken;
}

unsigned pv_console_events(void)
{
    uint8_t status;

    if (!present)
        return PV_CONSOLE_OUTPUT;
    /*
     * The chip's request is a level, the PC's line an edge: were a second cause to come up before the first
     * is served, the line would never drop, and no edge would follow. So let it drop here: whatever is still
     * (or again) pending raises it anew.
     */
    native_outb(IER, 0);
    native_inb(IIR); /* acknowledges "FIFO empty" */
    status = native_inb(LSR);
    /*
     * Each is told once: the next short write asks for room again, and a read to the end for input. So a kernel
     * that cannot take more now is left alone.
     */
    if (status & LSR_TX_EMPTY)
        interrupts &= (uint8_t)~IER_TX;
    if (status & LSR_DATA)
        interrupts &= (uint8_t)~IER_RX;
    native_outb(IER, interrupts);
    return (status & LSR_DATA ? PV_CONSOLE_INPUT : 0) | (status & LSR_TX_EMPTY ? PV_CONSOLE_OUTPUT : 0);
}

int pv_console_line(void)
{
    return present ? COM1_LINE : -PV_ENODEV;
}

void pv_console_flush(void)
{
    while (present && !(native_inb(LSR) & LSR_TX_IDLE))
        pv_cpu_relax();
}

void native_console_put(const char *data, size_t size)
{
    while (present && size-- > 0) {
        while (!can_send())
            pv_cpu_relax();
        native_outb(DATA, (uint8_t)*data++);
    }
}
