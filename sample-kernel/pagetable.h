/* SPDX-License-Identifier: MIT */
/* Walking and making page tables: pagetable.c. */
#ifndef SAMPLE_PAGETABLE_H
#define SAMPLE_PAGETABLE_H

#include <pvops/mmu.h>

/*
 * The entry that maps va in the tables under root, or NULL where a table on the way is missing. With make,
 * missing tables are added, and NULL means out of memory. Entries of one table lie one behind the other:
 * from the result one may step to the entries of the following pages, up to the next multiple of
 * PAGETABLE_SPAN.
 */
pv_pte_t *pagetable_walk(pv_pa_t root, pv_va_t va, bool make);

#define PAGETABLE_SPAN PV_MMU_SPAN(2)

/*
 * Empty [start, end) of the tables under root and free the tables of that range, whole ones only: start and
 * end are multiples of PV_MMU_SPAN(4). Each page that was mapped is given to page(). root is not loaded.
 */
void pagetable_clear(pv_pa_t root, pv_va_t start, pv_va_t end, void (*page)(void *page));

#endif
