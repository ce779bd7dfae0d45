/* SPDX-License-Identifier: MIT */
/*
 * The reference: what the paging hardware does with one access, written from the manual (SDM vol. 3, 4.5 to
 * 4.7). The tests ask it for the error code they have to see. Pure code: tests/unit/walk.c checks it on the
 * host against cases from the manual.
 */
#ifndef CONFORM_WALK_H
#define CONFORM_WALK_H

#include <pvops/arch/x86_64/frame.h>
#include <pvops/arch/x86_64/pte.h>

/* An access is a set of PV_PF_W, PV_PF_U and PV_PF_I: 0 is a read in kernel mode. */
struct walk_machine {
    pv_pte_t (*read)(void *context, pv_pa_t pa); /* 8 bytes of physical memory */
    void *context;
    unsigned pa_bits; /* MAXPHYADDR: address bits from here to 51 are reserved */
    bool page_1g;     /* 1 GiB pages; without them bit 7 of level 3 is reserved */
};

struct walk {
    bool fault;
    bool undefined; /* a kernel fetch from a user page: pvops promises nothing */
    uint64_t error; /* of the fault: PV_PF_x */
    unsigned level; /* of the entry that maps the page, or that stopped the walk */
    pv_pa_t entry;  /* where that entry is */
    pv_pa_t pa;     /* the translated address, if there is no fault */
    pv_pa_t used;   /* bit n: an entry of level n was used for a translation, so its accessed bit gets set */
};

struct walk walk_tables(const struct walk_machine *machine, pv_pa_t root, pv_va_t va, uint64_t access);

#endif
