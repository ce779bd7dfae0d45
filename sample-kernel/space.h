/* SPDX-License-Identifier: MIT */
/*
 * The memory of a process: space.c.
 *
 * The same map on every backend (the kernel half is not drawn: it is the backend's, but for the stacks of
 * stack.c):
 *
 *     PV_USER_END     0x600000000000  first address that is not the user's
 *     STACK_TOP       0x5ffffffff000  stack, used downwards, pages come on demand
 *       - STACK_SIZE                  nothing is mapped from here down to the heap
 *     heap end                        grows by sbrk up to PROGRAM_END, pages come on demand
 *     heap start                      page behind the last segment
 *     segments                        as the program's file says, from PROGRAM_BASE on
 *     PROGRAM_BASE    0x000000010000  null pointers and small offsets from them fault
 */
#ifndef SAMPLE_SPACE_H
#define SAMPLE_SPACE_H

#include "elf.h"
#include "kernel.h"

/* A range of addresses that the process may use, whether pages are there yet or not. */
struct area {
    pv_va_t start, end; /* page-aligned; start == end: empty */
    uint64_t rights;    /* PV_PTE_W, PV_PTE_NX */
};

enum { AREA_HEAP, AREA_STACK, AREA_SEGMENTS, AREA_MAX = AREA_SEGMENTS + ELF_SEGMENTS_MAX };

/* Used by its own process only, so no lock (ps reads pages). */
struct space {
    pv_pa_t root; /* 0: none, a kernel thread */
    unsigned area_count;
    struct area areas[AREA_MAX];
    pv_va_t heap_break; /* what sbrk moves; the heap's area ends at the next page border */
    uint64_t pages;     /* pages that are mapped */
};

/* An empty space: heap and stack without pages. heap is page-aligned. 0 or -ENOMEM, then nothing is left. */
int space_create(struct space *space, pv_va_t heap);

/* Give all memory back. The space is not loaded on any CPU. */
void space_destroy(struct space *space);

/* Allow [start, end), page-aligned, not overlapping other areas. Pages come on demand. */
void space_add_area(struct space *space, pv_va_t start, pv_va_t end, uint64_t rights);

/* Map a page, which the space owns from then on, inside an area. Not mapped before. 0 or -ENOMEM. */
int space_put_page(struct space *space, pv_va_t va, void *page);

/*
 * Mend a page fault of the current process: demand-zero, copy on write, or nothing to do. Returns 0: go on;
 * -EFAULT: the process may not do this; -ENOMEM.
 */
int space_fault(struct space *space, pv_va_t va, uint64_t error);

/* Make child a copy on write of parent, which is loaded. 0 or -ENOMEM, then nothing is left of the child. */
int space_fork(struct space *child, struct space *parent);

/* sbrk: move the break of a space that is loaded. The old break, -ENOMEM or -EINVAL. */
long space_grow(struct space *space, long bytes);

#endif
