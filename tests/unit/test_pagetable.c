/* SPDX-License-Identifier: MIT */
/* sample-kernel/pagetable.c: tables are made, shared, found again and given back, all of them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sample-kernel/page.h"
#include "sample-kernel/pagetable.h"
#include "unit.h"

#define PAGES 64
#define ROOT 0UL

/* Page 0 is the root; page_alloc_zeroed() hands out the others until limit. */
unsigned char host_ram[PAGES * PV_PAGE_SIZE] __attribute__((aligned(4096)));
static bool in_use[PAGES];
static unsigned level_of[PAGES]; /* 0: no table */
static unsigned limit, user_pages_seen;

void *page_alloc_zeroed(void)
{
    for (unsigned i = 1; i < limit; i++)
        if (!in_use[i]) {
            in_use[i] = true;
            return memset(host_ram + i * PV_PAGE_SIZE, 0, PV_PAGE_SIZE);
        }
    return NULL;
}

void page_free(void *page)
{
    unsigned i = (unsigned)(pv_virt_to_phys(page) / PV_PAGE_SIZE);

    ck_assert(in_use[i]);
    ck_assert_uint_eq(level_of[i], 0);
    in_use[i] = false;
    memset(page, 0xee, PV_PAGE_SIZE);
}

void host_table_register(pv_pa_t table, unsigned level)
{
    ck_assert_uint_eq(level_of[table / PV_PAGE_SIZE], 0);
    ck_assert(level >= 1 && level <= 3);
    level_of[table / PV_PAGE_SIZE] = level;
}

/* Is there an entry that still points to the table? */
void host_table_release(pv_pa_t table)
{
    ck_assert_uint_ne(level_of[table / PV_PAGE_SIZE], 0);
    level_of[table / PV_PAGE_SIZE] = 0;
    for (unsigned i = 0; i < PAGES; i++)
        for (unsigned j = 0; (i == 0 || level_of[i] > 1) && j < PV_MMU_ENTRIES; j++) {
            pv_pte_t pte = ((pv_pte_t *)(host_ram + i * PV_PAGE_SIZE))[j];

            ck_assert(!(pte & PV_PTE_P) || pv_pte_pa(pte) != table);
        }
}

void host_pte_set(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value)
{
    (void)va;
    ck_assert_uint_eq(root, ROOT);
    *ptep = value;
}

static unsigned tables(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAGES; i++)
        count += level_of[i] != 0;
    return count;
}

static unsigned pages(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAGES; i++)
        count += in_use[i];
    return count;
}

static void set_up(void)
{
    memset(host_ram, 0, PV_PAGE_SIZE);
    memset(in_use, 0, sizeof in_use);
    memset(level_of, 0, sizeof level_of);
    limit = PAGES;
    user_pages_seen = 0;
}

static void user_page(void *page)
{
    user_pages_seen++;
    page_free(page);
}

static void map(pv_va_t va)
{
    pv_pte_t *pte = pagetable_walk(ROOT, va, true);

    ck_assert_ptr_nonnull(pte);
    *pte = pv_pte_make(pv_virt_to_phys(page_alloc_zeroed()), PV_PTE_P | PV_PTE_U);
}

START_TEST(walk_without_tables_finds_nothing)
{
    ck_assert_ptr_null(pagetable_walk(ROOT, 0, false));
    ck_assert_ptr_null(pagetable_walk(ROOT, PV_USER_END - 1, false));
    ck_assert_uint_eq(pages(), 0);
}
END_TEST

START_TEST(walk_makes_one_table_per_level)
{
    pv_pte_t *pte = pagetable_walk(ROOT, 0x7000, true);

    ck_assert_ptr_nonnull(pte);
    ck_assert_uint_eq(*pte, 0);
    ck_assert_uint_eq(tables(), 3);
    ck_assert_ptr_eq(pagetable_walk(ROOT, 0x7fff, false), pte);
    ck_assert_ptr_eq(pagetable_walk(ROOT, 0x8000, true), pte + 1);
    ck_assert_uint_eq(tables(), 3);
}
END_TEST

START_TEST(walk_goes_by_each_index)
{
    const pv_va_t va = 3 * PV_MMU_SPAN(4) + 5 * PV_MMU_SPAN(3) + 7 * PV_MMU_SPAN(2) + 9 * PV_MMU_SPAN(1);
    pv_pte_t *table = (pv_pte_t *)host_ram, *pte = pagetable_walk(ROOT, va, true);

    table = pv_phys_to_virt(pv_pte_pa(table[3]));
    table = pv_phys_to_virt(pv_pte_pa(table[5]));
    table = pv_phys_to_virt(pv_pte_pa(table[7]));
    ck_assert_ptr_eq(pte, &table[9]);
}
END_TEST

START_TEST(entries_on_the_way_allow_everything_below_the_user)
{
    pagetable_walk(ROOT, 0x10000, true);
    ck_assert_uint_eq(pv_pte_flags(*(pv_pte_t *)host_ram), PV_PTE_P | PV_PTE_W | PV_PTE_U);
    pagetable_walk(ROOT, 0xffffc00000000000UL, true);
    ck_assert_uint_eq(pv_pte_flags(((pv_pte_t *)host_ram)[384]), PV_PTE_P | PV_PTE_W);
}
END_TEST

START_TEST(walk_without_memory_fails_and_can_be_repeated)
{
    for (limit = 1; limit < 4; limit++)
        ck_assert_ptr_null(pagetable_walk(ROOT, 0x10000, true));
    ck_assert_ptr_nonnull(pagetable_walk(ROOT, 0x10000, true));
    ck_assert_uint_eq(tables(), 3);
}
END_TEST

START_TEST(clear_gives_all_back)
{
    map(0x10000);
    map(0x11000);
    map(PAGETABLE_SPAN);
    map(PV_MMU_SPAN(3) - PV_PAGE_SIZE);
    map(PV_MMU_SPAN(4) + 0x5000);
    map(PV_USER_END - PV_PAGE_SIZE);
    ck_assert_uint_eq(tables(), 3 + 1 + 1 + 3 + 3);
    pagetable_clear(ROOT, 0, PV_USER_END, user_page);
    ck_assert_uint_eq(user_pages_seen, 6);
    ck_assert_uint_eq(tables(), 0);
    ck_assert_uint_eq(pages(), 0);
    for (unsigned i = 0; i < PV_MMU_ENTRIES; i++)
        ck_assert_uint_eq(((pv_pte_t *)host_ram)[i], 0);
}
END_TEST

START_TEST(clear_leaves_other_slots_alone)
{
    map(0x10000);
    map(0xffffc00000000000UL);
    pagetable_clear(ROOT, 0, PV_USER_END, user_page);
    ck_assert_uint_eq(user_pages_seen, 1);
    ck_assert_uint_eq(tables(), 3);
    ck_assert_ptr_nonnull(pagetable_walk(ROOT, 0xffffc00000000000UL, false));
}
END_TEST

START_TEST(clear_of_nothing_does_nothing)
{
    pagetable_clear(ROOT, 0, PV_USER_END, user_page);
    pagetable_walk(ROOT, 0x10000, true);
    pagetable_clear(ROOT, 0, PV_USER_END, user_page);
    ck_assert_uint_eq(user_pages_seen, 0);
    ck_assert_uint_eq(pages(), 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("pagetable");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, walk_without_tables_finds_nothing);
    tcase_add_test(tests, walk_makes_one_table_per_level);
    tcase_add_test(tests, walk_goes_by_each_index);
    tcase_add_test(tests, entries_on_the_way_allow_everything_below_the_user);
    tcase_add_test(tests, walk_without_memory_fails_and_can_be_repeated);
    tcase_add_test(tests, clear_gives_all_back);
    tcase_add_test(tests, clear_leaves_other_slots_alone);
    tcase_add_test(tests, clear_of_nothing_does_nothing);
    return unit_run(tests);
}
