/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines without a controller: all 32 exist, their state is in these words. The monitor sets bits in
 * pv_posix_abi.line_events from its signal handler, on this thread; so each change here is one instruction.
 */
#include "posix.h"

static uint32_t attached, masked, in_service;

static uint32_t bit(unsigned line)
{
    return (uint32_t)1 << line;
}

static void set_events(uint32_t bits)
{
    __atomic_fetch_or(&pv_posix_abi.line_events, bits, __ATOMIC_SEQ_CST);
}

static void clear_events(uint32_t bits)
{
    __atomic_fetch_and(&pv_posix_abi.line_events, ~bits, __ATOMIC_SEQ_CST);
}

static uint32_t deliverable(void)
{
    return pv_posix_abi.line_events & attached & ~masked & ~in_service;
}

int posix_irq_take(bool *more)
{
    uint32_t due = deliverable();
    int line;

    /* Events of lines that cannot be delivered now stay; detached ones are nobody's. */
    clear_events(pv_posix_abi.line_events & ~attached);
    if (due == 0)
        return -1;
    line = __builtin_ctz(due);
    in_service |= bit((unsigned)line);
    clear_events(bit((unsigned)line));
    *more = deliverable() != 0;
    return line;
}

/* After a change that may have made something deliverable. */
static void look(void)
{
    if (deliverable() == 0)
        return;
    pv_posix_abi.pending = 1;
    if (pv_irq_enabled())
        pv_irq_enable(); /* takes what is pending */
}

static bool is_attached(unsigned line)
{
    return line < PV_IRQ_LINES && (attached & bit(line)) != 0;
}

int pv_irq_attach(unsigned line)
{
    if (line >= PV_IRQ_LINES)
        return -PV_EINVAL;
    if (is_attached(line))
        return -PV_EBUSY;
    clear_events(bit(line));
    masked |= bit(line);
    in_service &= ~bit(line);
    attached |= bit(line);
    /* The host has told of input that came before, and does not tell again. */
    if (line == PV_POSIX_CONSOLE_LINE && (pv_console_events() & PV_CONSOLE_INPUT))
        set_events(bit(line));
    return 0;
}

void pv_irq_detach(unsigned line)
{
    if (!is_attached(line))
        return;
    attached &= ~bit(line);
    clear_events(bit(line));
    in_service &= ~bit(line);
}

void pv_irq_mask(unsigned line)
{
    if (is_attached(line))
        masked |= bit(line);
}

void pv_irq_unmask(unsigned line)
{
    if (!is_attached(line))
        return;
    masked &= ~bit(line);
    look();
}

void pv_irq_eoi(unsigned line)
{
    if (!is_attached(line))
        return;
    in_service &= ~bit(line);
    look();
}

int pv_irq_raise(unsigned line)
{
    if (!is_attached(line))
        return -PV_EINVAL;
    if ((masked | in_service) & bit(line))
        posix_count(PV_DEBUG_LINE_HELD);
    set_events(bit(line));
    look();
    return 0;
}
