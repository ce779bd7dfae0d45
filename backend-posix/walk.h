/* SPDX-License-Identifier: MIT */
/*
 * The walk of the guest's page tables in software (SDM vol. 3, 4.5 and 4.6), for the guest half and the monitor.
 *
 * Pure: RAM is reached through @a ram, the address of physical address 0 in the caller's address space; every
 * table address is checked against @a size, so that hostile tables lead nowhere.
 */
#ifndef PVOPS_POSIX_WALK_H
#define PVOPS_POSIX_WALK_H

#include <pvops/arch/x86_64/frame.h>
#include <pvops/arch/x86_64/pte.h>

struct posix_walk {
    uint64_t error;   /* 0, or the error code of the page fault that the access gives */
    pv_pa_t pa;       /* of the byte at va */
    uint64_t flags;   /* PV_PTE_W, U, NX as they combine over the levels; D as in the last entry */
    unsigned level;   /* of the entry that maps the page: 1..3 */
    pv_pte_t *entry;  /* that entry */
};

/* Reserved bits (SDM vol. 3, tables 4-15 to 4-19): a large page in the root, a crooked address of one elsewhere. */
static inline bool posix_walk_reserved(pv_pte_t pte, unsigned level)
{
    if (level == 1 || !(pte & PV_PTE_LARGE))
        return false;
    return level == PV_MMU_LEVELS || (pv_pte_pa(pte) & (PV_MMU_SPAN(level) - 1) & ~PV_PAGE_SIZE) != 0;
}

/**
 * Translate @a va.
 *
 * @param access  PV_PF_W, PV_PF_U, PV_PF_I as in the error code of a fault; 0 is a read from kernel mode
 * @param walk    the translation, or the fault
 * @return        walk->error == 0
 *
 * Sets accessed in all entries on the way and, for a write, dirty in the last, if the access is allowed.
 */
static inline bool posix_walk(char *ram, uint64_t size, pv_pa_t root, pv_va_t va, uint64_t access, struct posix_walk *walk)
{
    pv_pte_t *entries[PV_MMU_LEVELS], pte = 0;
    pv_pa_t table = root;
    uint64_t rights = PV_PTE_W | PV_PTE_U, nx = 0;
    unsigned level = PV_MMU_LEVELS, count = 0;

    walk->error = access;
    if (va >> 47 != 0)
        return walk->error = access, false;
    for (;; level--) {
        if (table > size - PV_PAGE_SIZE)
            return walk->error = access | PV_PF_P | PV_PF_R, false;
        entries[count] = (pv_pte_t *)(ram + table) + pv_mmu_index(va, level);
        pte = __atomic_load_n(entries[count], __ATOMIC_RELAXED);
        if (!(pte & PV_PTE_P))
            return walk->error = access, false;
        if (posix_walk_reserved(pte, level))
            return walk->error = access | PV_PF_P | PV_PF_R, false;
        count++;
        rights &= pte;
        nx |= pte & PV_PTE_NX;
        if (level == 1 || (level < PV_MMU_LEVELS && (pte & PV_PTE_LARGE)))
            break;
        table = pv_pte_pa(pte);
    }
    if (((access & PV_PF_U) && !(rights & PV_PTE_U)) || ((access & PV_PF_W) && !(rights & PV_PTE_W)) ||
        ((access & PV_PF_I) && nx))
        return walk->error = access | PV_PF_P, false;
    walk->pa = (pv_pte_pa(pte) & ~(PV_MMU_SPAN(level) - 1)) | (va & (PV_MMU_SPAN(level) - 1));
    if (walk->pa >= size)
        return walk->error = access | PV_PF_P | PV_PF_R, false;
    for (unsigned i = 0; i < count; i++) {
        uint64_t set = PV_PTE_A | (i + 1 == count && (access & PV_PF_W) ? PV_PTE_D : 0);

        if ((*entries[i] & set) != set)
            __atomic_fetch_or(entries[i], set, __ATOMIC_RELAXED);
    }
    walk->flags = rights | nx | (__atomic_load_n(entries[count - 1], __ATOMIC_RELAXED) & PV_PTE_D);
    walk->level = level;
    walk->entry = entries[count - 1];
    walk->error = 0;
    return true;
}

#endif
