/* SPDX-License-Identifier: MIT */
/* Between trap.c, entry.S and boot.c. */
#ifndef PVOPS_NATIVE_TRAP_H
#define PVOPS_NATIVE_TRAP_H

#include <pvops/trap.h>

/* The kernel's handler, called by entry.S; crashes until there is one. */
extern pv_trap_entry_t *native_trap_entry;

void native_trap_init(void);

/* All vectors from 0xd0 on, from entry.S; true: the frame has the kernel's vector now and is to be delivered. */
bool native_interrupt(struct pv_frame *frame);

/* The handler has returned from a double fault. */
void native_double_fault_declined(const struct pv_frame *frame);

#endif
