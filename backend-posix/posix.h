/* SPDX-License-Identifier: MIT */
/* What the files of the posix backend's guest half share. Nothing here is seen by kernels. */
#ifndef PVOPS_POSIX_H
#define PVOPS_POSIX_H

#include <pvops/backend/abi.h>
#include <pvops/pvops.h>

#include "../lib/lib.h"

/* memory.c: the regions of pv_boot_info and the pages of the boot tables. */
extern struct pv_memory_region posix_regions[];
extern unsigned posix_region_count;
void posix_memory_init(void);
void *posix_page_alloc(void);

/* mmu.c */
void posix_mmu_init(void);

/* trap.c: the kernel's handler, called by entry.S. */
extern pv_trap_entry_t *posix_trap_entry;
void posix_trap_init(void);
bool posix_interrupt(struct pv_frame *frame);

void posix_general_protection(void); /* entry.S: a #GP, error 0, of the caller */

/* irq.c: the line to deliver now, or -1; it is in service then. *more: there are others. */
int posix_irq_take(bool *more);

/* time.c: the deadline has passed: true: deliver PV_VECTOR_TIMER. */
bool posix_time_take(void);

/* debug.c */
extern uint64_t posix_counters[PV_DEBUG_COUNTERS];

PV_INLINE void posix_count(enum pv_debug_counter counter)
{
    posix_counters[counter]++;
}

/* A call that says nothing back. */
PV_INLINE void posix_tell(unsigned number, uint64_t a, uint64_t b)
{
    (void)pv_posix_call(number, a, b, 0);
}

#endif
