/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "Between loads a new mapping may be used at once; added rights may cost one spurious fault, which a
 * handler answers by returning." And tables: a whole table that is put in, taken out or exchanged counts like
 * the pages that it maps. No invalidation follows an addition here.
 */
#include "access.h"

#define VA 0x345600000000UL

/* What was not present may be used at once: no fault at all, also when the absence was seen before. */
static void new_mapping(pv_va_t va, uint64_t mode, uint64_t flags)
{
    pv_pa_t root = access_user_init();
    pv_pa_t pa = conform_page();

    for (unsigned i = 0; i < conform_n(100); i++) {
        pv_va_t page = va + i % 64 * PV_PAGE_SIZE;
        pv_pte_t *ptep = conform_walk_make(root, page, 1);

        *access_word(pa) = ACCESS_TAG(i);
        if (!ACCESS_FAULTS(page, mode, mode))
            return;
        pv_pte_set(root, page, ptep, pv_pte_make(pa, flags));
        ACCESS_READS(page, mode, ACCESS_TAG(i));
        ACCESS_WRITES(page, mode, ACCESS_TAG(i + 1));
        CHECK_EQ(*access_word(pa), ACCESS_TAG(i + 1));
        pv_pte_set(root, page, ptep, 0);
        pv_mmu_invalidate_page(page);
    }
}

static void mmu_new_user_mapping_usable_at_once(void)
{
    new_mapping(VA, PV_PF_U, CONFORM_USER_RW);
    new_mapping(VA, 0, CONFORM_USER_RW);
}

static void mmu_new_kernel_mapping_usable_at_once(void)
{
    new_mapping(PV_VMAP_BASE + 0x40000000, 0, CONFORM_KERNEL_RW);
}

/* The same for what a fault handler writes, as for demand-zero pages: one fault, and the access goes on. */
static pv_pa_t demand_root, demand_pa;
static unsigned demand_faults;

static bool demand(struct pv_frame *frame)
{
    if (frame->vector != PV_EXCEPTION_PF || demand_faults++ != 0)
        return false;
    pv_pte_set(demand_root, conform_entry.address, conform_walk(demand_root, conform_entry.address, 1),
               pv_pte_make(demand_pa, CONFORM_USER_RW));
    return true;
}

static void mmu_new_mapping_by_fault_handler(void)
{
    demand_root = access_user_init();
    demand_pa = conform_page();
    conform_walk_make(demand_root, VA, 1);
    conform_expect_trap(demand);
    for (unsigned i = 0; i < conform_n(50); i++) {
        pv_va_t page = VA + i % 64 * PV_PAGE_SIZE;
        uint64_t mode = conform_random() & PV_PF_U;

        *access_word(demand_pa) = i;
        demand_faults = 0;
        if (i & 1)
            ACCESS_READS(page, mode, i);
        else
            ACCESS_WRITES(page, mode, i + 1);
        CHECK_EQ(demand_faults, 1);
        ACCESS_READS(page, mode ^ PV_PF_U, i & 1 ? i : i + 1);
        conform_unmap(demand_root, page);
    }
}

struct addition {
    uint64_t before, after;
    uint64_t access;
};

static const struct addition additions[] = {
    {PV_PTE_P | PV_PTE_U, PV_PTE_P | PV_PTE_U | PV_PTE_W, PV_PF_U | PV_PF_W},
    {PV_PTE_P | PV_PTE_U, PV_PTE_P | PV_PTE_U | PV_PTE_W, PV_PF_W},
    {PV_PTE_P | PV_PTE_W, PV_PTE_P | PV_PTE_W | PV_PTE_U, PV_PF_U},
    {PV_PTE_P | PV_PTE_W, PV_PTE_P | PV_PTE_W | PV_PTE_U, PV_PF_U | PV_PF_W},
    {PV_PTE_P | PV_PTE_U | PV_PTE_NX, PV_PTE_P | PV_PTE_U, PV_PF_U | PV_PF_I},
};

/* Use what is there, see that the right is missing (or not), add it at one level, use it. */
static bool add_right(pv_pa_t root, const struct addition *a, unsigned level, bool see)
{
    pv_pte_t *ptep = conform_walk(root, VA, level);
    bool ok;

    pv_pte_set(root, VA, ptep, pv_pte_make(pv_pte_pa(pv_pte_get(ptep)), a->before));
    pv_mmu_invalidate_page(VA);
    ACCESS_WORKS(VA, 0);
    if (see)
        ACCESS_FAULTS(VA, a->access, a->access | PV_PF_P);
    conform_expect_trap(access_spurious);
    pv_pte_set(root, VA, ptep, pv_pte_make(pv_pte_pa(pv_pte_get(ptep)), a->after));
    ok = ACCESS_WORKS(VA, a->access);
    ok &= CHECK(access_spurious_count() <= 1);
    conform_expect_trap(NULL);
    pv_pte_set(root, VA, ptep, pv_pte_make(pv_pte_pa(pv_pte_get(ptep)), PV_PTE_P | PV_PTE_W | PV_PTE_U));
    return ok;
}

static void mmu_added_right_costs_one_fault_at_most(void)
{
    pv_pa_t root = access_user_init();

    conform_map(root, VA, access_page(ACCESS_TAG(0)), PV_PTE_P | PV_PTE_W | PV_PTE_U);
    for (uint64_t n = 0; n < conform_n(1); n++)
        for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
            for (unsigned i = 0; i < sizeof additions / sizeof additions[0]; i++)
                if (!add_right(root, &additions[i], level, true) ||
                    !add_right(root, &additions[i], level, false))
                    return;
}

/* Added rights in the kernel half; these mappings may be global. */
static void mmu_added_kernel_right_costs_one_fault_at_most(void)
{
    pv_va_t va = PV_VMAP_BASE + 0x41000000;
    pv_pa_t root = access_user_init();
    pv_pa_t pa = access_page(ACCESS_TAG(0));
    pv_pte_t *ptep = conform_map(root, va, pa, PV_PTE_P | PV_PTE_NX);

    ACCESS_FAULTS(va, PV_PF_W, PV_PF_P | PV_PF_W);
    conform_expect_trap(access_spurious);
    pv_pte_set(root, va, ptep, pv_pte_make(pa, PV_PTE_P | PV_PTE_W | PV_PTE_NX));
    ACCESS_WORKS(va, PV_PF_W);
    CHECK(access_spurious_count() <= 1);
    pv_pte_set(root, va, ptep, pv_pte_make(pa, PV_PTE_P | PV_PTE_W));
    ACCESS_WORKS(va, PV_PF_I);
    CHECK(access_spurious_count() <= 1);
}

/* Make a page a table with tagged pages; not linked yet. */
static void make_table(pv_pa_t table, pv_pa_t pages, uint64_t tag)
{
    pv_pte_t *entry = pv_phys_to_virt(table);

    __builtin_memset(entry, 0, PV_PAGE_SIZE);
    pv_mmu_table_register(table, 1);
    for (unsigned i = 0; i < 8; i++) {
        pv_pa_t page = pages + i * PV_PAGE_SIZE;

        *access_word(page) = ACCESS_TAG(tag + i);
        pv_pte_set(pv_mmu_root(), VA + i * PV_PAGE_SIZE, &entry[i],
                   pv_pte_make(page, PV_PTE_P | PV_PTE_W | PV_PTE_U));
    }
}

static void see_table(uint64_t tag)
{
    for (unsigned i = 0; i < 8; i++) {
        ACCESS_READS(VA + i * PV_PAGE_SIZE, PV_PF_U, ACCESS_TAG(tag + i));
        ACCESS_READS(VA + i * PV_PAGE_SIZE, 0, ACCESS_TAG(tag + i));
    }
}

/* Tables put in are usable at once; taken out or exchanged, after the invalidation of what they map. */
static void mmu_table_linked_exchanged_and_unlinked(void)
{
    pv_pa_t root = access_user_init();
    pv_pte_t *link = conform_walk_make(root, VA, 2);
    pv_pa_t first = conform_page(), second = conform_page(), pages = conform_pages(16, 1);
    uint64_t span = PV_MMU_SPAN(2);

    for (uint64_t n = 0; n < conform_n(10); n++) {
        make_table(first, pages, 100);
        make_table(second, pages + 8 * PV_PAGE_SIZE, 200);
        ACCESS_FAULTS(VA, PV_PF_U, PV_PF_U);
        pv_pte_set(root, VA, link, pv_pte_make(first, PV_PTE_P | PV_PTE_W | PV_PTE_U));
        see_table(100);
        pv_pte_set(root, VA, link, pv_pte_make(second, PV_PTE_P | PV_PTE_W | PV_PTE_U));
        pv_mmu_invalidate_range(VA, span);
        pv_mmu_table_release(first);
        see_table(200);
        pv_pte_set(root, VA, link, 0);
        pv_mmu_invalidate_range(VA, span);
        pv_mmu_table_release(second);
        for (unsigned i = 0; i < 8; i++)
            ACCESS_FAULTS(VA + i * PV_PAGE_SIZE, PV_PF_U, PV_PF_U);
        /* A released table is a page like any other: what is written to it has no effect. */
        *access_word(second) = pv_pte_make(first, PV_PTE_P | PV_PTE_W | PV_PTE_U);
        ACCESS_FAULTS(VA, 0, 0);
    }
}

const struct conform_test conform_mmu_added_tests[] = {
    CONFORM_TEST(mmu_new_user_mapping_usable_at_once),
    CONFORM_TEST(mmu_new_kernel_mapping_usable_at_once),
    CONFORM_TEST(mmu_new_mapping_by_fault_handler),
    CONFORM_TEST(mmu_added_right_costs_one_fault_at_most),
    CONFORM_TEST(mmu_added_kernel_right_costs_one_fault_at_most),
    CONFORM_TEST(mmu_table_linked_exchanged_and_unlinked),
    {0},
};
