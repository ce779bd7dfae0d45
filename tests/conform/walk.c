/* SPDX-License-Identifier: MIT */
/*
 * The paging hardware in C, with CR0.WP = 1, EFER.NXE = 1 and neither SMEP, SMAP nor protection keys, which
 * is what pvops promises. Used by tests that are driven by data, and by a unit test on the host. Section
 * numbers are those of the SDM, vol. 3.
 */
#include "walk.h"

#define PAGE_SIZE_BIT PV_PTE_LARGE
#define PAT_OF_LARGE (1UL << 12)

static pv_pa_t bits(unsigned from, unsigned below)
{
    return (((pv_pa_t)1 << below) - 1) & ~(((pv_pa_t)1 << from) - 1);
}

static bool is_leaf(pv_pte_t entry, unsigned level)
{
    return level == 1 || (level < PV_MMU_LEVELS && (entry & PAGE_SIZE_BIT));
}

/* 4.5, tables 4-15 to 4-20: what must be 0 in an entry that is present. */
static pv_pte_t reserved(const struct walk_machine *machine, pv_pte_t entry, unsigned level)
{
    pv_pte_t mask = bits(machine->pa_bits, 52);

    if (level == 4 || (level == 3 && !machine->page_1g))
        mask |= PAGE_SIZE_BIT;
    if (level != 1 && is_leaf(entry, level))
        mask |= bits(PV_PAGE_SHIFT, PV_PAGE_SHIFT + 9 * (level - 1)) & ~PAT_OF_LARGE;
    return entry & mask;
}

/* 4.6.1 and 4.6.2: `rights` has W and U where all entries have them, NX where one has it. */
static bool allowed(pv_pte_t rights, uint64_t access)
{
    if ((access & PV_PF_U) && !(rights & PV_PTE_U))
        return false;
    if ((access & PV_PF_W) && !(rights & PV_PTE_W))
        return false;
    return !((access & PV_PF_I) && (rights & PV_PTE_NX));
}

static void combine(pv_pte_t *rights, pv_pte_t entry)
{
    pv_pte_t all = PV_PTE_W | PV_PTE_U;

    *rights = (*rights & entry & all) | ((*rights | entry) & PV_PTE_NX);
}

static void finish(struct walk *walk, pv_pte_t entry, pv_pte_t rights, pv_va_t va, uint64_t access)
{
    pv_pa_t offset = PV_MMU_SPAN(walk->level) - 1;

    walk->fault = !allowed(rights, access);
    walk->undefined = (access & (PV_PF_I | PV_PF_U)) == PV_PF_I && (rights & PV_PTE_U);
    walk->error = walk->fault ? PV_PF_P | access : 0;
    walk->pa = (pv_pte_pa(entry) & ~offset) | (va & offset);
}

struct walk walk_tables(const struct walk_machine *machine, pv_pa_t root, pv_va_t va, uint64_t access)
{
    struct walk walk = {.level = PV_MMU_LEVELS};
    pv_pte_t rights = PV_PTE_W | PV_PTE_U;
    pv_pa_t table = root;

    for (;; walk.level--) {
        pv_pte_t entry;

        walk.entry = table + 8UL * pv_mmu_index(va, walk.level);
        entry = machine->read(machine->context, walk.entry);
        /* 4.7: P = 0 stops the walk whatever else is set; reserved bits count in present entries only. */
        if (!(entry & PV_PTE_P) || reserved(machine, entry, walk.level)) {
            walk.fault = true;
            walk.error = access | (entry & PV_PTE_P ? PV_PF_P | PV_PF_R : 0);
            return walk;
        }
        walk.used |= (pv_pa_t)1 << walk.level;
        combine(&rights, entry);
        if (is_leaf(entry, walk.level)) {
            finish(&walk, entry, rights, va, access);
            return walk;
        }
        table = pv_pte_pa(entry);
    }
}
