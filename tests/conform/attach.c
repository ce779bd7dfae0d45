/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines for the tests: which numbers a machine has is the machine's, so the suite takes the first
 * one that it can attach and that is not the console's. Events are made by pv_irq_raise().
 */
#include "conform.h"

static uint32_t attached;

int conform_line_attach_number(unsigned line)
{
    int error = pv_irq_attach(line);

    if (error == 0)
        attached |= 1U << line;
    return error;
}

/* From 5 on, the lower ones last: on PCs those have devices that firmware may have left with an event. */
unsigned conform_line_attach(void)
{
    for (unsigned i = 0; i < PV_IRQ_LINES; i++) {
        unsigned line = (i + 5) % PV_IRQ_LINES;

        if ((int)line != pv_console_line() && conform_line_attach_number(line) == 0)
            return line;
    }
    conform_skip("this machine has no line to attach");
}

void conform_lines_reset(void)
{
    for (unsigned line = 0; line < PV_IRQ_LINES; line++)
        if (attached & 1U << line)
            pv_irq_detach(line);
    attached = 0;
}
