/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "Loading a root makes every change to its tables visible", what pv_mmu_root_init() writes and leaves
 * alone, release and reuse. Roots are edited while others are loaded, without any invalidation, share tables,
 * and are loaded over and over.
 */
#include "access.h"

#define VA 0x456700000000UL
#define ROOTS 80
#define SLOT_END (PV_USER_END / PV_MMU_SPAN(4)) /* user slots of a root are below this one */

static pv_pa_t roots[ROOTS];

static void mmu_root_is_what_was_loaded(void)
{
    pv_pa_t root = conform_root();

    CHECK_EQ(pv_mmu_root(), conform_info->root);
    pv_mmu_load(root);
    CHECK_EQ(pv_mmu_root(), root);
    pv_mmu_load(root);
    CHECK_EQ(pv_mmu_root(), root);
    pv_mmu_load(conform_info->root);
    CHECK_EQ(pv_mmu_root(), conform_info->root);
}

/* The user slots may be filled before, with anything. */
static void mmu_root_init_leaves_user_slots(void)
{
    pv_pa_t root = conform_page();
    pv_pte_t *entry = pv_phys_to_virt(root);

    for (unsigned i = 0; i < SLOT_END; i++)
        pv_pte_set(root, i * PV_MMU_SPAN(4), &entry[i], (i * 0x0101010101010100UL) & ~PV_PTE_P);
    pv_mmu_root_init(root);
    for (unsigned i = 0; i < SLOT_END; i++)
        CHECK_EQ(pv_pte_get(&entry[i]), (i * 0x0101010101010100UL) & ~PV_PTE_P);
}

/* Tables hung in before the initialisation are used. */
static void mmu_root_init_keeps_user_mappings(void)
{
    pv_pa_t pattern = access_user_init();
    pv_pa_t root = conform_root();
    pv_pa_t copy = conform_page();
    pv_pte_t *entry = pv_phys_to_virt(copy);

    access_user_share(root);
    conform_map(root, VA, access_page(77), CONFORM_USER_RW);
    for (unsigned i = 0; i < SLOT_END; i++)
        pv_pte_set(copy, i * PV_MMU_SPAN(4), &entry[i], pv_pte_get((pv_pte_t *)pv_phys_to_virt(root) + i));
    pv_mmu_root_init(copy);
    pv_mmu_load(copy);
    ACCESS_READS(VA, PV_PF_U, 77);
    ACCESS_READS(VA, 0, 77);
    pv_mmu_load(pattern);
    ACCESS_FAULTS(VA, PV_PF_U, PV_PF_U);
    for (unsigned i = 0; i < SLOT_END; i++)
        pv_pte_set(copy, i * PV_MMU_SPAN(4), &entry[i], 0);
    pv_mmu_root_release(copy);
}

static void make_roots(unsigned count)
{
    access_user_init();
    for (unsigned i = 0; i < count; i++) {
        roots[i] = conform_root();
        access_user_share(roots[i]);
        conform_map(roots[i], VA, access_page(ACCESS_TAG(i)), PV_PTE_P | PV_PTE_W | PV_PTE_U);
    }
}

/* Each root shows its own page at the same address, in both modes, whatever was loaded before it. */
static void mmu_many_roots_keep_apart(void)
{
    make_roots(ROOTS);
    for (uint64_t n = 0; n < conform_n(4) * ROOTS; n++) {
        unsigned i = n < ROOTS ? n : conform_random() % ROOTS;
        uint64_t mode = conform_random() & PV_PF_U;

        pv_mmu_load(roots[i]);
        if (!ACCESS_READS(VA, mode, ACCESS_TAG(i)) || !ACCESS_READS(VA, mode ^ PV_PF_U, ACCESS_TAG(i)))
            return;
    }
}

/* What is written in one root is there when it comes back, and nowhere else. */
static void mmu_many_roots_written_back_and_forth(void)
{
    uint64_t value[ROOTS];

    make_roots(ROOTS);
    for (unsigned i = 0; i < ROOTS; i++)
        value[i] = ACCESS_TAG(i);
    for (uint64_t n = 0; n < conform_n(4) * ROOTS; n++) {
        unsigned i = conform_random() % ROOTS;
        uint64_t mode = conform_random() & PV_PF_U;

        pv_mmu_load(roots[i]);
        if (!ACCESS_READS(VA, mode, value[i]))
            return;
        value[i] = ACCESS_TAG(conform_random());
        ACCESS_WRITES(VA, mode ^ PV_PF_U, value[i]);
    }
    for (unsigned i = 0; i < ROOTS; i++)
        CHECK_EQ(*access_word(pv_pte_pa(pv_pte_get(conform_walk(roots[i], VA, 1)))), value[i]);
}

/* A load shows all changes that were made meanwhile: removed, reduced, moved, added. */
static void mmu_load_shows_changes(void)
{
    pv_va_t removed = VA, reduced = VA + 0x1000, moved = VA + 0x2000, added = VA + 0x3000;
    pv_pa_t home, root, page[8];

    make_roots(1);
    for (unsigned i = 1; i < 8; i++)
        page[i] = conform_page();
    home = pv_mmu_root();
    root = roots[0];
    for (uint64_t n = 0; n < conform_n(20); n++) {
        bool self = n & 1; /* edit the loaded root and load it again, too */

        for (unsigned i = 1; i < 8; i++)
            *access_word(page[i]) = ACCESS_TAG(i);
        conform_map(root, removed, page[1], PV_PTE_P | PV_PTE_W | PV_PTE_U);
        conform_map(root, reduced, page[2], PV_PTE_P | PV_PTE_W | PV_PTE_U);
        conform_map(root, moved, page[3], PV_PTE_P | PV_PTE_W | PV_PTE_U);
        conform_map(root, added, 0, 0);
        pv_mmu_load(root);
        ACCESS_READS(removed, PV_PF_U, ACCESS_TAG(1));
        ACCESS_WRITES(reduced, PV_PF_U, ACCESS_TAG(2));
        ACCESS_READS(moved, 0, ACCESS_TAG(3));
        ACCESS_FAULTS(added, 0, 0);
        if (!self)
            pv_mmu_load(home);
        conform_map(root, removed, 0, 0);
        conform_map(root, reduced, page[5], PV_PTE_P | PV_PTE_U | PV_PTE_NX);
        conform_map(root, moved, page[6], PV_PTE_P | PV_PTE_W | PV_PTE_U);
        conform_map(root, added, page[7], PV_PTE_P | PV_PTE_W | PV_PTE_U);
        pv_mmu_load(root);
        ACCESS_FAULTS(removed, PV_PF_U, PV_PF_U);
        ACCESS_FAULTS(reduced, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_W | PV_PF_P);
        ACCESS_FAULTS(reduced, PV_PF_U | PV_PF_I, PV_PF_U | PV_PF_I | PV_PF_P);
        ACCESS_READS(moved, 0, ACCESS_TAG(6));
        ACCESS_READS(moved, PV_PF_U, ACCESS_TAG(6));
        ACCESS_READS(added, PV_PF_U, ACCESS_TAG(7));
    }
}

/* One table of level 3, 2 or 1 in two roots: an edit by one is an edit of both. */
static void mmu_shared_tables_edited(void)
{
    pv_pa_t a, b;

    make_roots(2);
    a = roots[0];
    b = roots[1];
    for (unsigned level = 2; level <= PV_MMU_LEVELS; level++) {
        pv_va_t va = VA + level * PV_MMU_SPAN(4);
        pv_pte_t *ptep = conform_map(a, va, access_page(ACCESS_TAG(1)), CONFORM_USER_RW);
        pv_pte_t *link = conform_walk_make(b, va, level);

        pv_pte_set(b, va, link, pv_pte_get(conform_walk(a, va, level)));
        pv_mmu_load(b);
        ACCESS_READS(va, PV_PF_U, ACCESS_TAG(1));
        pv_mmu_load(a);
        ACCESS_WRITES(va, PV_PF_U, ACCESS_TAG(2));
        pv_pte_set(a, va, ptep, pv_pte_make(access_page(ACCESS_TAG(3)), PV_PTE_P | PV_PTE_U | PV_PTE_NX));
        pv_mmu_load(b);
        ACCESS_READS(va, 0, ACCESS_TAG(3));
        ACCESS_FAULTS(va, PV_PF_U | PV_PF_W, PV_PF_P | PV_PF_U | PV_PF_W);
        pv_pte_set(b, va, ptep, 0);
        pv_mmu_load(a);
        ACCESS_FAULTS(va, PV_PF_U, PV_PF_U);
        pv_pte_set(b, va, link, 0);
    }
}

/* The page of a released root and its tables serve a new one, with other contents. */
static void mmu_root_released_and_reused(void)
{
    pv_pa_t page[4], tag_page[2];

    access_user_init();
    for (unsigned i = 0; i < 4; i++)
        page[i] = conform_page();
    for (unsigned i = 0; i < 2; i++)
        tag_page[i] = access_page(ACCESS_TAG(i));
    for (uint64_t n = 0; n < conform_n(64); n++) {
        pv_pa_t home = pv_mmu_root();

        for (unsigned i = 0; i < 4; i++)
            __builtin_memset(pv_phys_to_virt(page[i]), 0, PV_PAGE_SIZE);
        pv_mmu_root_init(page[0]);
        for (unsigned level = PV_MMU_LEVELS; level > 1; level--)
            pv_mmu_table_register(page[PV_MMU_LEVELS + 1 - level], level - 1);
        for (unsigned level = PV_MMU_LEVELS; level >= 1; level--) {
            pv_pte_t *table = pv_phys_to_virt(page[PV_MMU_LEVELS - level]);
            pv_pa_t next = level > 1 ? page[PV_MMU_LEVELS + 1 - level] : tag_page[n & 1];

            pv_pte_set(page[0], VA, &table[pv_mmu_index(VA, level)], pv_pte_make(next, 7));
        }
        access_user_share(page[0]);
        pv_mmu_load(page[0]);
        ACCESS_READS(VA, PV_PF_U, ACCESS_TAG(n & 1));
        ACCESS_READS(VA, 0, ACCESS_TAG(n & 1));
        ACCESS_FAULTS(VA + (n & 1 ? 0x1000 : 0x200000), PV_PF_U, PV_PF_U);
        pv_mmu_load(home);
        pv_mmu_root_release(page[0]);
        for (unsigned i = 1; i < 4; i++)
            pv_mmu_table_release(page[i]);
    }
}

const struct conform_test conform_mmu_roots_tests[] = {
    CONFORM_TEST(mmu_root_is_what_was_loaded),
    CONFORM_TEST(mmu_root_init_leaves_user_slots),
    CONFORM_TEST(mmu_root_init_keeps_user_mappings),
    CONFORM_TEST(mmu_many_roots_keep_apart),
    CONFORM_TEST(mmu_many_roots_written_back_and_forth),
    CONFORM_TEST(mmu_load_shows_changes),
    CONFORM_TEST(mmu_shared_tables_edited),
    CONFORM_TEST(mmu_root_released_and_reused),
    {0},
};
