/* SPDX-License-Identifier: MIT */
/*
 * Large pages where the feature bits of pv_boot_info offer them: 2 MiB at level 2, 1 GiB at level 3. The same
 * contract as for small pages, and changes between the sizes: split, and put together again.
 */
#include "access.h"

#define VA 0x567800000000UL
#define SMALL 512UL
#define SIZE_2M PV_MMU_SPAN(2)
#define SIZE_1G PV_MMU_SPAN(3)
#define RWX (PV_PTE_P | PV_PTE_W | PV_PTE_U)

static void need_2m(void)
{
    if (!(conform_info->features & PV_FEATURE_PAGE_2M))
        conform_skip("no PV_FEATURE_PAGE_2M");
}

/* Contiguous RAM with a tag in each 4 KiB. */
static pv_pa_t tagged_2m(uint64_t tag)
{
    pv_pa_t pa = conform_pages(SMALL, SMALL);

    for (uint64_t i = 0; i < SMALL; i++)
        *access_word(pa + i * PV_PAGE_SIZE) = ACCESS_TAG(tag + i);
    return pa;
}

static pv_pte_t *map_2m(pv_pa_t root, pv_va_t va, pv_pa_t pa, uint64_t flags)
{
    pv_pte_t *ptep = conform_walk_make(root, va, 2);

    pv_pte_set(root, va, ptep, pv_pte_make(pa, flags | PV_PTE_LARGE));
    return ptep;
}

static bool see_tags(pv_va_t va, uint64_t mode, uint64_t tag)
{
    for (uint64_t i = 0; i < SMALL; i++)
        if (!ACCESS_READS(va + i * PV_PAGE_SIZE, mode, ACCESS_TAG(tag + i)))
            return false;
    return true;
}

static void mmu_large_maps_all_of_it(void)
{
    pv_pa_t root, pa;

    need_2m();
    root = access_user_init();
    pa = tagged_2m(1000);
    map_2m(root, VA, pa, RWX);
    see_tags(VA, 0, 1000);
    see_tags(VA, PV_PF_U, 1000);
    ACCESS_WRITES(VA + SIZE_2M - 8, PV_PF_U, 0x1234);
    CHECK_EQ(access_word(pa + SIZE_2M - PV_PAGE_SIZE)[511], 0x1234);
    ACCESS_WORKS(VA + 511 * PV_PAGE_SIZE, PV_PF_U | PV_PF_I);
    ACCESS_FAULTS(VA + SIZE_2M, PV_PF_U, PV_PF_U);
    ACCESS_FAULTS(VA - 8, PV_PF_U, PV_PF_U);
}

/* Rights are those of the entry combined with the levels above it. */
static void mmu_large_rights(void)
{
    static const uint64_t accesses[] = {0, PV_PF_W, PV_PF_U, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_I};
    pv_va_t va = VA + 37 * PV_PAGE_SIZE;
    pv_pa_t root, pa;
    pv_pte_t *upper, *ptep;

    need_2m();
    root = access_user_init();
    pa = tagged_2m(0);
    ptep = map_2m(root, VA, pa, RWX);
    upper = conform_walk(root, VA, 3);
    for (unsigned n = 0; n < 64; n++) {
        uint64_t high = (n & 3) << 1 | (n & 4 ? PV_PTE_NX : 0),
                 low = (n >> 3 & 3) << 1 | (n & 32 ? PV_PTE_NX : 0);

        pv_pte_set(root, VA, upper, pv_pte_make(pv_pte_pa(pv_pte_get(upper)), PV_PTE_P | high));
        pv_pte_set(root, VA, ptep, pv_pte_make(pa, PV_PTE_P | PV_PTE_LARGE | low));
        pv_mmu_invalidate_range(VA, SIZE_2M);
        for (unsigned i = 0; i < sizeof accesses / sizeof accesses[0]; i++)
            if (!ACCESS_AS_TABLES(va, accesses[i]))
                return;
    }
}

static void mmu_large_accessed_and_dirty(void)
{
    pv_pa_t root;
    pv_pte_t *ptep;

    need_2m();
    root = access_user_init();
    ptep = map_2m(root, VA, tagged_2m(0), CONFORM_USER_RW | PV_PTE_SW1);
    for (uint64_t i = 0; i < conform_n(10); i++) {
        uint64_t mode = i & 1 ? PV_PF_U : 0;
        pv_va_t va = VA + conform_random() % SMALL * PV_PAGE_SIZE;

        ACCESS_WORKS(va, mode);
        CHECK_EQ(pv_pte_get(ptep) & (PV_PTE_A | PV_PTE_D), PV_PTE_A);
        ACCESS_WORKS(va, mode | PV_PF_W);
        CHECK_EQ(pv_pte_get(ptep) & (PV_PTE_A | PV_PTE_D), PV_PTE_A | PV_PTE_D);
        pv_pte_set(root, VA, ptep, pv_pte_get(ptep) & ~(PV_PTE_A | PV_PTE_D));
        /* Any address inside names the page. */
        pv_mmu_invalidate_page(VA + conform_random() % SIZE_2M);
        CHECK_EQ(pv_pte_flags(pv_pte_get(ptep)) & ~PV_PTE_A, CONFORM_USER_RW | PV_PTE_SW1 | PV_PTE_LARGE);
    }
}

/* invalidate_page with any address of it takes the whole page away. */
static void mmu_large_invalidated_by_any_address(void)
{
    pv_pa_t root, pa;
    pv_pte_t *ptep;

    need_2m();
    root = access_user_init();
    pa = tagged_2m(0);
    ptep = map_2m(root, VA, pa, RWX);
    for (uint64_t n = 0; n < conform_n(4); n++) {
        pv_pte_set(root, VA, ptep, pv_pte_make(pa, RWX | PV_PTE_LARGE));
        see_tags(VA, n & 1 ? PV_PF_U : 0, 0);
        pv_pte_set(root, VA, ptep, 0);
        pv_mmu_invalidate_page(VA + conform_random() % SIZE_2M);
        for (uint64_t i = 0; i < SMALL; i += 3) {
            ACCESS_FAULTS(VA + i * PV_PAGE_SIZE, 0, 0);
            if (!ACCESS_FAULTS(VA + i * PV_PAGE_SIZE, PV_PF_U, PV_PF_U))
                return;
        }
    }
}

/* Large, then a table with the same frames, then large again, used all the time; then small pages changed. */
static void mmu_large_split_and_joined(void)
{
    pv_pa_t root, pa, table;
    pv_pte_t *ptep, *small;

    need_2m();
    root = access_user_init();
    pa = tagged_2m(500);
    table = conform_page();
    small = pv_phys_to_virt(table);
    ptep = map_2m(root, VA, pa, RWX);
    for (uint64_t n = 0; n < conform_n(2); n++) {
        see_tags(VA, PV_PF_U, 500);
        pv_mmu_table_register(table, 1);
        for (uint64_t i = 0; i < SMALL; i++)
            pv_pte_set(root, VA + i * PV_PAGE_SIZE, &small[i], pv_pte_make(pa + i * PV_PAGE_SIZE, RWX));
        pv_pte_set(root, VA, ptep, pv_pte_make(table, RWX));
        pv_mmu_invalidate_range(VA, SIZE_2M);
        see_tags(VA, PV_PF_U, 500);
        see_tags(VA, 0, 500);
        pv_pte_set(root, VA + 0x5000, &small[5], 0);
        pv_pte_set(root, VA + 0x6000, &small[6], pv_pte_make(pa, PV_PTE_P | PV_PTE_U));
        pv_mmu_invalidate_range(VA + 0x5000, 2 * PV_PAGE_SIZE);
        ACCESS_FAULTS(VA + 0x5000, PV_PF_U, PV_PF_U);
        ACCESS_READS(VA + 0x6000, PV_PF_U, ACCESS_TAG(500));
        ACCESS_FAULTS(VA + 0x6000, PV_PF_U | PV_PF_W, PV_PF_P | PV_PF_U | PV_PF_W);
        ACCESS_READS(VA + 0x7000, PV_PF_U, ACCESS_TAG(507));
        pv_pte_set(root, VA, ptep, pv_pte_make(pa, RWX | PV_PTE_LARGE));
        pv_mmu_invalidate_range(VA, SIZE_2M);
        pv_mmu_table_release(table);
    }
    see_tags(VA, 0, 500);
}

static void mmu_large_in_the_kernel_half(void)
{
    pv_va_t va = PV_VMAP_BASE + 0x80000000;
    pv_pa_t root, other, pa;
    pv_pte_t *ptep;

    need_2m();
    root = access_user_init();
    other = conform_root();
    pa = tagged_2m(9);
    ptep = map_2m(root, va, pa, PV_PTE_P | PV_PTE_W | PV_PTE_NX);
    see_tags(va, 0, 9);
    pv_mmu_load(other);
    see_tags(va, 0, 9);
    ACCESS_FAULTS(va + 0x3000, PV_PF_I, PV_PF_P | PV_PF_I);
    pv_pte_set(other, va, ptep, 0);
    pv_mmu_invalidate_page(va + 0x4000);
    ACCESS_FAULTS(va, 0, 0);
    pv_mmu_load(root);
    ACCESS_FAULTS(va + 0x5000, PV_PF_W, PV_PF_W);
}

/* A GiB that is RAM from end to end. */
static pv_pa_t whole_gib(void)
{
    for (uint32_t i = 0; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];
        pv_pa_t pa = (r->base + SIZE_1G - 1) & ~(SIZE_1G - 1);

        if (r->type == PV_MEMORY_RAM && pa + SIZE_1G <= r->base + r->size)
            return pa;
    }
    conform_skip("no GiB of RAM at a multiple of 1 GiB");
}

static void mmu_huge_page(void)
{
    pv_pa_t root, pa;
    pv_pte_t *ptep;

    if (!(conform_info->features & PV_FEATURE_PAGE_1G))
        conform_skip("no PV_FEATURE_PAGE_1G");
    pa = whole_gib();
    root = access_user_init();
    ptep = conform_walk_make(root, VA, 3);
    pv_pte_set(root, VA, ptep, pv_pte_make(pa, RWX | PV_PTE_LARGE));
    /* Pages of the harness may be in the lower part. */
    for (uint64_t at = SIZE_1G / 2; at < SIZE_1G; at += SIZE_1G / 64) {
        *access_word(pa + at) = ACCESS_TAG(at);
        ACCESS_READS(VA + at, PV_PF_U, ACCESS_TAG(at));
        ACCESS_WORKS(VA + at, PV_PF_U | PV_PF_I);
        ACCESS_WRITES(VA + at, 0, at + 1);
        CHECK_EQ(*access_word(pa + at), at + 1);
    }
    CHECK_EQ(pv_pte_get(ptep) & (PV_PTE_A | PV_PTE_D), PV_PTE_A | PV_PTE_D);
    pv_pte_set(root, VA, ptep, pv_pte_make(pa, (RWX & ~PV_PTE_W) | PV_PTE_LARGE));
    pv_mmu_invalidate_page(VA + SIZE_1G / 3);
    ACCESS_FAULTS(VA + SIZE_1G - 8, PV_PF_U | PV_PF_W, PV_PF_P | PV_PF_U | PV_PF_W);
    pv_pte_set(root, VA, ptep, 0);
    pv_mmu_invalidate_range(VA, SIZE_1G);
    for (uint64_t at = 0; at < SIZE_1G; at += SIZE_1G / 16)
        ACCESS_FAULTS(VA + at, PV_PF_U, PV_PF_U);
}

const struct conform_test conform_mmu_large_tests[] = {
    CONFORM_TEST(mmu_large_maps_all_of_it),
    CONFORM_TEST(mmu_large_rights),
    CONFORM_TEST(mmu_large_accessed_and_dirty),
    CONFORM_TEST(mmu_large_invalidated_by_any_address),
    CONFORM_TEST(mmu_large_split_and_joined),
    CONFORM_TEST(mmu_large_in_the_kernel_half),
    CONFORM_TEST(mmu_huge_page),
    {0},
};
