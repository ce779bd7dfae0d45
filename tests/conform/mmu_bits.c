/* SPDX-License-Identifier: MIT */
/*
 * mmu.h and pte.h: what the machine writes into entries (accessed, exactly dirty), what it leaves alone (the
 * kernel's own bits, everything in entries that are not present), and the ways to read and change entries.
 * Accessed may be set early on present neighbours, so no test asks for it to be clear.
 */
#include "access.h"

#define VA 0x234500000000UL
#define OWN (PV_PTE_SW1 | PV_PTE_SW2 | PV_PTE_SW3)

/* The address of the n-th page: neighbours when stride is 1 page. */
static pv_va_t page_va(unsigned n)
{
    return VA + n * PV_PAGE_SIZE;
}

static void check_bits(const pv_pte_t *ptep, uint64_t want, uint64_t of, const char *when)
{
    if (!CHECK_EQ(pv_pte_get(ptep) & of, want))
        conform_note(when);
}

/* Take the bits away as a kernel does, losing none, and make it hold. */
static pv_pte_t clean(pv_pa_t root, pv_va_t va, pv_pte_t *ptep)
{
    pv_pte_t old = pv_pte_exchange(root, va, ptep, pv_pte_get(ptep) & ~(PV_PTE_A | PV_PTE_D));

    pv_mmu_invalidate_page(va);
    return old;
}

static void dirty_cycle(uint64_t mode)
{
    pv_pa_t root = access_user_init();
    pv_pte_t *ptep = conform_map(root, VA, access_page(1), CONFORM_USER_RW);

    for (uint64_t i = 0; i < conform_n(20); i++) {
        ACCESS_READS(VA, mode, i == 0 ? 1 : ACCESS_TAG(VA));
        check_bits(ptep, PV_PTE_A, PV_PTE_A | PV_PTE_D, "after a read");
        ACCESS_WORKS(VA, mode | PV_PF_W);
        check_bits(ptep, PV_PTE_A | PV_PTE_D, PV_PTE_A | PV_PTE_D, "after a write");
        CHECK(clean(root, VA, ptep) & PV_PTE_D);
        check_bits(ptep, 0, PV_PTE_D, "after cleaning");
    }
}

static void mmu_dirty_is_exact_in_user_mode(void)
{
    dirty_cycle(PV_PF_U);
}

static void mmu_dirty_is_exact_in_kernel_mode(void)
{
    dirty_cycle(0);
}

/* A write sets both bits at once, without a read before it, also right after another kind of access. */
static void mmu_dirty_after_first_write(void)
{
    pv_pa_t root = access_user_init();

    for (unsigned n = 0; n < 2; n++) {
        uint64_t mode = n == 0 ? PV_PF_U : 0;
        pv_pte_t *ptep = conform_map(root, page_va(n), access_page(1), CONFORM_USER_RW);

        ACCESS_WORKS(page_va(n), mode | PV_PF_W);
        check_bits(ptep, PV_PTE_A | PV_PTE_D, PV_PTE_A | PV_PTE_D, "first access is a write");
    }
}

static void mmu_dirty_not_set_by_refused_write(void)
{
    pv_pa_t root = access_user_init();
    pv_pte_t *ptep = conform_map(root, VA, access_page(1), PV_PTE_P | PV_PTE_U | PV_PTE_NX);

    for (unsigned n = 0; n < 2; n++) {
        uint64_t mode = n == 0 ? PV_PF_U : 0;

        ACCESS_FAULTS(VA, mode | PV_PF_W, mode | PV_PF_W | PV_PF_P);
        check_bits(ptep, 0, PV_PTE_D, "after a write that was refused");
    }
}

/* One of many neighbours is written: its dirty bit is set and no other. */
static void mmu_dirty_not_set_on_neighbours(void)
{
    enum { PAGES = 64 };
    pv_pa_t root = access_user_init();
    pv_pa_t pa = conform_pages(PAGES, 1);
    uint64_t written = 0;

    for (unsigned n = 0; n < PAGES; n++)
        conform_map(root, page_va(n), pa + n * PV_PAGE_SIZE, CONFORM_USER_RW);
    for (unsigned i = 0; i < PAGES / 2; i++) {
        unsigned n = conform_random() % PAGES;

        ACCESS_WORKS(page_va(conform_random() % PAGES), PV_PF_U);
        ACCESS_WORKS(page_va(n), PV_PF_U | PV_PF_W);
        written |= 1UL << n;
    }
    for (unsigned n = 0; n < PAGES; n++)
        check_bits(conform_walk(root, page_va(n), 1), written >> n & 1 ? PV_PTE_D : 0, PV_PTE_D,
                   "a neighbour");
}

/* SDM vol. 3, 4.8: every entry of a translation gets its accessed bit; only the last has a dirty bit. */
static void mmu_accessed_at_all_levels(void)
{
    static const uint64_t accesses[] = {0, PV_PF_W, PV_PF_U, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_I};
    pv_pa_t root = access_user_init();

    conform_map(root, VA, access_page(ACCESS_TAG(0)), PV_PTE_P | PV_PTE_W | PV_PTE_U);
    for (unsigned i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
            clean(root, VA, conform_walk(root, VA, level));
        ACCESS_WORKS(VA, accesses[i]);
        for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
            check_bits(conform_walk(root, VA, level), PV_PTE_A, PV_PTE_A, "a level");
        check_bits(conform_walk(root, VA, 1), accesses[i] & PV_PF_W ? PV_PTE_D : 0, PV_PTE_D, "the page's");
    }
}

static void mmu_own_bits_are_kept(void)
{
    pv_pa_t root = access_user_init();

    conform_map(root, VA, access_page(ACCESS_TAG(0)), PV_PTE_P | PV_PTE_W | PV_PTE_U);
    for (unsigned pattern = 0; pattern < 8; pattern++) {
        uint64_t own = pattern * PV_PTE_SW1;

        for (unsigned level = 1; level <= PV_MMU_LEVELS; level++) {
            pv_pte_t *ptep = conform_walk(root, VA, level);

            pv_pte_set(root, VA, ptep, (pv_pte_get(ptep) & ~(OWN | PV_PTE_A | PV_PTE_D)) | own);
        }
        pv_mmu_invalidate_page(VA);
        ACCESS_WORKS(VA, PV_PF_U | PV_PF_I);
        ACCESS_WORKS(VA, PV_PF_U | PV_PF_W);
        ACCESS_WORKS(VA, PV_PF_W);
        for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
            check_bits(conform_walk(root, VA, level), own, OWN, "a level");
    }
}

/* Swap entries and the like: any bits but P, at any level, are neither used nor changed. */
static void mmu_not_present_bits_are_the_kernels(void)
{
    pv_pa_t root = access_user_init();

    conform_map(root, VA, access_page(1), CONFORM_USER_RW);
    for (unsigned level = 1; level <= PV_MMU_LEVELS; level++) {
        pv_pte_t *ptep = conform_walk(root, VA, level);
        pv_pte_t good = pv_pte_get(ptep);

        for (uint64_t i = 0; i < conform_n(20); i++) {
            pv_pte_t value = (i == 0 ? ~0UL : conform_random()) & ~PV_PTE_P;

            pv_pte_set(root, VA, ptep, value);
            pv_mmu_invalidate_page(VA);
            ACCESS_FAULTS(VA, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_W);
            ACCESS_FAULTS(VA, 0, 0);
            CHECK_EQ(pv_pte_get(ptep), value);
        }
        pv_pte_set(root, VA, ptep, good);
        ACCESS_READS(VA, PV_PF_U, 1);
    }
}

static void mmu_exchange_gives_old_value(void)
{
    pv_pa_t root = access_user_init();
    pv_pa_t first = access_page(1), second = access_page(2);
    pv_pte_t *ptep = conform_map(root, VA, first, CONFORM_USER_RW | PV_PTE_SW2);
    pv_pte_t old;

    ACCESS_WORKS(VA, PV_PF_U | PV_PF_W);
    old = pv_pte_exchange(root, VA, ptep, pv_pte_make(second, CONFORM_USER_RW));
    CHECK_EQ(old, pv_pte_make(first, CONFORM_USER_RW | PV_PTE_SW2 | PV_PTE_A | PV_PTE_D));
    CHECK_EQ(pv_pte_get(ptep) & ~PV_PTE_A, pv_pte_make(second, CONFORM_USER_RW));
    pv_mmu_invalidate_page(VA);
    ACCESS_READS(VA, PV_PF_U, 2);
    old = pv_pte_exchange(root, VA, ptep, 0x5a5a5a5a5a5a5a5aUL & ~PV_PTE_P);
    CHECK_EQ(old, pv_pte_make(second, CONFORM_USER_RW | PV_PTE_A));
    pv_mmu_invalidate_page(VA);
    ACCESS_FAULTS(VA, PV_PF_U, PV_PF_U);
    CHECK_EQ(pv_pte_exchange(root, VA, ptep, 0), 0x5a5a5a5a5a5a5a5aUL & ~PV_PTE_P);
    CHECK_EQ(pv_pte_get(ptep), 0);
}

static void mmu_plain_stores_are_as_good(void)
{
    pv_pa_t root = access_user_init();
    volatile pv_pte_t *ptep = conform_map(root, VA, access_page(1), CONFORM_USER_RW);
    pv_pa_t other = access_page(2);

    if (!(conform_info->features & PV_FEATURE_PLAIN_PTE))
        conform_skip("no PV_FEATURE_PLAIN_PTE");
    ACCESS_READS(VA, PV_PF_U, 1);
    *ptep = pv_pte_make(other, PV_PTE_P | PV_PTE_U);
    pv_mmu_invalidate_page(VA);
    ACCESS_READS(VA, PV_PF_U, 2);
    ACCESS_READS(VA, 0, 2);
    ACCESS_FAULTS(VA, PV_PF_U | PV_PF_W, PV_PF_P | PV_PF_U | PV_PF_W);
    *ptep = 0;
    pv_mmu_invalidate_page(VA);
    ACCESS_FAULTS(VA, PV_PF_U, PV_PF_U);
    *ptep = pv_pte_make(other, CONFORM_USER_RW);
    ACCESS_WRITES(VA, PV_PF_U, 3);
    CHECK_EQ(*access_word(other), 3);
}

const struct conform_test conform_mmu_bits_tests[] = {
    CONFORM_TEST(mmu_dirty_is_exact_in_user_mode),
    CONFORM_TEST(mmu_dirty_is_exact_in_kernel_mode),
    CONFORM_TEST(mmu_dirty_after_first_write),
    CONFORM_TEST(mmu_dirty_not_set_by_refused_write),
    CONFORM_TEST(mmu_dirty_not_set_on_neighbours),
    CONFORM_TEST(mmu_accessed_at_all_levels),
    CONFORM_TEST(mmu_own_bits_are_kept),
    CONFORM_TEST(mmu_not_present_bits_are_the_kernels),
    CONFORM_TEST(mmu_exchange_gives_old_value),
    CONFORM_TEST(mmu_plain_stores_are_as_good),
    {0},
};
