/* SPDX-License-Identifier: MIT */
/*
 * Page tables of the suite: new roots, walks that make what is missing, and the way back. Every table and
 * every entry made in the shared kernel half is noted, so that the next test finds the address space as it
 * was at boot. Tables are changed by pv_pte_set() and announced by pv_mmu_table_register(), as portable
 * kernels do.
 */
#include "conform.h"

/* An entry that was written: it points to a table (of level), or maps a page in the kernel half (level 0). */
struct note {
    pv_pa_t root;
    pv_va_t va;
    pv_pte_t *ptep;
    unsigned level;
};

#define NOTES 4096
#define ROOTS 1024

static struct note notes[NOTES];
static unsigned note_count;
static pv_pa_t roots[ROOTS];
static unsigned root_count;

static void note(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, unsigned level)
{
    REQUIRE(note_count < NOTES);
    notes[note_count++] = (struct note){root, va, ptep, level};
}

static void undo(const struct note *n)
{
    pv_pa_t pa = pv_pte_pa(pv_pte_get(n->ptep));

    pv_pte_set(n->root, n->va, n->ptep, 0);
    if (n->level != 0)
        pv_mmu_table_release(pa);
}

pv_pa_t conform_root(void)
{
    pv_pa_t root = conform_page();

    REQUIRE(root_count < ROOTS);
    pv_mmu_root_init(root);
    roots[root_count++] = root;
    return root;
}

static void release(pv_pa_t root)
{
    unsigned kept = note_count;

    for (unsigned i = note_count; i-- > 0;)
        if (notes[i].root == root && !pv_va_is_kernel(notes[i].va)) {
            undo(&notes[i]);
            notes[i].ptep = NULL;
        }
    note_count = 0;
    for (unsigned i = 0; i < kept; i++)
        if (notes[i].ptep)
            notes[note_count++] = notes[i];
    pv_mmu_root_release(root);
}

void conform_root_release(pv_pa_t root)
{
    for (unsigned i = 0; i < root_count; i++)
        if (roots[i] == root) {
            roots[i] = roots[--root_count];
            release(root);
            return;
        }
    REQUIRE(!"a root of conform_root()");
}

static pv_pte_t *walk(pv_pa_t root, pv_va_t va, unsigned level, bool make)
{
    pv_pte_t *table = pv_phys_to_virt(root);

    for (unsigned at = PV_MMU_LEVELS;; at--) {
        pv_pte_t *ptep = &table[pv_mmu_index(va, at)];

        if (at == level)
            return ptep;
        if (!(pv_pte_get(ptep) & PV_PTE_P)) {
            pv_pa_t page;

            if (!make)
                return NULL;
            page = conform_page();
            pv_mmu_table_register(page, at - 1);
            pv_pte_set(root, va, ptep,
                       pv_pte_make(page, PV_PTE_P | PV_PTE_W | (pv_va_is_kernel(va) ? 0 : PV_PTE_U)));
            note(root, va, ptep, at - 1);
        }
        if (pv_pte_get(ptep) & PV_PTE_LARGE)
            return NULL;
        table = pv_phys_to_virt(pv_pte_pa(pv_pte_get(ptep)));
    }
}

pv_pte_t *conform_walk(pv_pa_t root, pv_va_t va, unsigned level)
{
    return walk(root, va, level, false);
}

pv_pte_t *conform_walk_make(pv_pa_t root, pv_va_t va, unsigned level)
{
    pv_pte_t *ptep = walk(root, va, level, true);

    REQUIRE(ptep != NULL);
    return ptep;
}

pv_pte_t *conform_map(pv_pa_t root, pv_va_t va, pv_pa_t pa, uint64_t flags)
{
    pv_pte_t *ptep = conform_walk_make(root, va, 1);

    if (pv_va_is_kernel(va) && pv_pte_get(ptep) == 0)
        note(root, va, ptep, 0);
    pv_pte_set(root, va, ptep, pv_pte_make(pa, flags));
    return ptep;
}

void conform_unmap(pv_pa_t root, pv_va_t va)
{
    pv_pte_t *ptep = conform_walk(root, va, 1);

    REQUIRE(ptep != NULL);
    pv_pte_set(root, va, ptep, 0);
    pv_mmu_invalidate_page(va);
}

void conform_tables_reset(void)
{
    pv_mmu_load(conform_info->root);
    while (root_count != 0)
        release(roots[--root_count]);
    while (note_count != 0)
        undo(&notes[--note_count]);
    pv_mmu_invalidate_all();
}
