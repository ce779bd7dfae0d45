/* SPDX-License-Identifier: MIT */
/* Traps: trap.c. */
#ifndef SAMPLE_TRAP_H
#define SAMPLE_TRAP_H

#include "kernel.h"

/* Let exceptions, system calls and interrupts in. */
void trap_init(void);

/* Call handler, with interrupts off, for each delivery of a line; it has to do pv_irq_eoi(). */
void trap_attach_line(unsigned line, void (*handler)(unsigned line));

/* syscall.c: what the frame's registers ask for; the result goes into the frame. Interrupts are on. */
void syscall(struct pv_frame *frame);

#endif
