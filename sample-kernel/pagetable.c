/* SPDX-License-Identifier: MIT */
/*
 * Page tables, in the format of pvops/arch/x86_64/pte.h. A kernel writes them itself, on every backend: they
 * are ordinary pages, and pv_pte_set() is how an entry is changed. Used by space.c for processes and by
 * stack.c for the kernel's own window. Compiled on the host too, by its unit test.
 * Read next: space.c.
 */
#include "pagetable.h"

#include "page.h"

/* What an entry that points to a table allows: everything, the last level decides. */
static uint64_t table_rights(pv_va_t va)
{
    return PV_PTE_P | PV_PTE_W | (pv_va_is_kernel(va) ? 0 : PV_PTE_U);
}

/* Hang a new, empty table of the level below under entry. */
static bool add_table(pv_pa_t root, pv_va_t va, pv_pte_t *entry, unsigned level)
{
    void *table = page_alloc_zeroed();
    pv_pa_t pa;

    if (table == NULL)
        return false;
    pa = pv_virt_to_phys(table);
    pv_mmu_table_register(pa, level - 1);
    pv_pte_set(root, va, entry, pv_pte_make(pa, table_rights(va)));
    return true;
}

pv_pte_t *pagetable_walk(pv_pa_t root, pv_va_t va, bool make)
{
    pv_pte_t *table = pv_phys_to_virt(root);

    for (unsigned level = PV_MMU_LEVELS; level > 1; level--) {
        pv_pte_t *entry = &table[pv_mmu_index(va, level)];

        if (!(pv_pte_get(entry) & PV_PTE_P) && !(make && add_table(root, va, entry, level)))
            return NULL;
        table = pv_phys_to_virt(pv_pte_pa(pv_pte_get(entry)));
    }
    return &table[pv_mmu_index(va, 1)];
}

/* Clear what the entries of one table map of [start, end), deepest first. */
static void clear_table(pv_pa_t root, pv_pte_t *table, unsigned level, pv_va_t start, pv_va_t end,
                        void (*page)(void *page))
{
    for (pv_va_t va = start, next; va < end; va = next) {
        pv_pte_t *entry = &table[pv_mmu_index(va, level)];
        pv_pte_t pte = pv_pte_get(entry);
        void *below = pv_phys_to_virt(pv_pte_pa(pte));

        next = min_u64(end, round_down(va, PV_MMU_SPAN(level)) + PV_MMU_SPAN(level));
        if (!(pte & PV_PTE_P))
            continue;
        if (level > 1)
            clear_table(root, below, level - 1, va, next, page);
        pv_pte_set(root, va, entry, 0);
        if (level > 1) {
            pv_mmu_table_release(pv_pte_pa(pte));
            page_free(below);
        } else {
            page(below);
        }
    }
}

void pagetable_clear(pv_pa_t root, pv_va_t start, pv_va_t end, void (*page)(void *page))
{
    clear_table(root, pv_phys_to_virt(root), PV_MMU_LEVELS, start, end, page);
}
