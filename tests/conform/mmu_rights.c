/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "Rights are those of hardware with CR0.WP = 1 and EFER.NXE = 1; error code and fault address too."
 * Combinations of present, writable, user and no-execute at all four levels are tried with every kind of
 * access in kernel and user mode, against the reference walker (walk.c). Kernel fetches from user pages are
 * left out: they are undefined. All entries are changed under the eyes of the machine, each followed by an
 * invalidation.
 */
#include "access.h"

/* A slot of the root for itself, so that the entries of all four levels belong to the test. */
#define VA 0x123456789000UL
#define RIGHTS (PV_PTE_W | PV_PTE_U | PV_PTE_NX)

static const uint64_t user_accesses[] = {0, PV_PF_W, PV_PF_U, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_I};

#define ACCESSES (sizeof user_accesses / sizeof user_accesses[0])

static pv_pte_t *entries[PV_MMU_LEVELS + 1];

static void prepare(pv_pa_t root, pv_va_t va)
{
    conform_map(root, va, access_page(ACCESS_TAG(0)), CONFORM_USER_RW);
    for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
        entries[level] = conform_walk(root, va, level);
}

static void set_flags(pv_pa_t root, unsigned level, uint64_t flags)
{
    pv_pte_set(root, VA, entries[level], pv_pte_make(pv_pte_pa(pv_pte_get(entries[level])), flags));
}

/* Bits 2n..2n+2 of a number, spread to an entry's W, U and NX. */
static uint64_t rights_of(uint64_t number, unsigned level)
{
    number >>= 3 * (level - 1);
    return (number & 1 ? PV_PTE_W : 0) | (number & 2 ? PV_PTE_U : 0) | (number & 4 ? PV_PTE_NX : 0);
}

/* One combination of rights at all levels, all accesses. Stops at the first difference. */
static bool try_combination(pv_pa_t root, uint64_t number)
{
    for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
        set_flags(root, level, PV_PTE_P | rights_of(number, level));
    pv_mmu_invalidate_page(VA);
    for (unsigned i = 0; i < ACCESSES; i++)
        if (!ACCESS_AS_TABLES(VA, user_accesses[i])) {
            conform_puts("#   rights of levels 4 to 1, each NX U W: octal of ");
            conform_put_hex(number);
            conform_puts("\n");
            return false;
        }
    return true;
}

/* All 512 combinations of two levels with full rights at the other two: every pair once. */
static void mmu_rights_combine_over_two_levels(void)
{
    const uint64_t full = 03333;
    pv_pa_t root = access_user_init();

    prepare(root, VA);
    for (unsigned a = 0; a < PV_MMU_LEVELS; a++)
        for (unsigned b = 0; b < a; b++)
            for (uint64_t pair = 0; pair < 64; pair++) {
                uint64_t number = full & ~(07UL << 3 * a | 07UL << 3 * b);

                if (!try_combination(root, number | (pair & 7) << 3 * a | pair >> 3 << 3 * b))
                    return;
            }
}

static void mmu_rights_combine_over_four_levels(void)
{
    pv_pa_t root = access_user_init();

    prepare(root, VA);
    for (uint64_t i = 0; i < conform_n(300); i++)
        if (!try_combination(root, conform_random() & 07777))
            return;
}

/* Every level may be the one that is not present; the other bits of its entry mean nothing then. */
static void mmu_rights_not_present_wins(void)
{
    pv_pa_t root = access_user_init();

    prepare(root, VA);
    for (unsigned level = 1; level <= PV_MMU_LEVELS; level++)
        for (uint64_t i = 0; i < conform_n(24); i++) {
            pv_pte_t present = pv_pte_get(entries[level]);

            for (unsigned other = 1; other <= PV_MMU_LEVELS; other++)
                set_flags(root, other, PV_PTE_P | rights_of(conform_random(), other));
            pv_pte_set(root, VA, entries[level], conform_random() & ~PV_PTE_P);
            pv_mmu_invalidate_page(VA);
            for (unsigned n = 0; n < ACCESSES; n++)
                if (!ACCESS_FAULTS(VA, user_accesses[n], user_accesses[n]))
                    return;
            pv_pte_set(root, VA, entries[level], present);
        }
}

/* CR0.WP = 1: kernel mode has no more right to write than user mode. */
static void mmu_rights_kernel_write_to_read_only_faults(void)
{
    pv_pa_t root = access_user_init();
    pv_va_t kernel_va = PV_VMAP_BASE + 0x200000;
    pv_pa_t page = access_page(7);

    conform_map(root, VA, page, PV_PTE_P | PV_PTE_U | PV_PTE_NX);
    conform_map(root, kernel_va, page, PV_PTE_P | PV_PTE_NX);
    ACCESS_READS(VA, 0, 7);
    ACCESS_FAULTS(VA, PV_PF_W, PV_PF_P | PV_PF_W);
    ACCESS_READS(kernel_va, 0, 7);
    ACCESS_FAULTS(kernel_va, PV_PF_W, PV_PF_P | PV_PF_W);
    CHECK_EQ(*access_word(page), 7);
}

/* In the kernel half: writable and no-execute at the port's levels, user bit at the upper ones. */
static void mmu_rights_kernel_half_combine(void)
{
    static const uint64_t kernel_accesses[] = {0,       PV_PF_W,           PV_PF_I,
                                               PV_PF_U, PV_PF_U | PV_PF_W, PV_PF_U | PV_PF_I};
    pv_va_t va = PV_VMAP_BASE + 0x600000;
    pv_pa_t root = access_user_init();
    pv_pte_t *leaf = conform_map(root, va, access_page(ACCESS_TAG(1)), CONFORM_KERNEL_RW);
    pv_pte_t *middle = conform_walk(root, va, 2);

    for (uint64_t number = 0; number < 32; number++) {
        uint64_t upper = rights_of(number >> 2, 1), lower = rights_of((number & 1) | (number & 2) << 1, 1);

        pv_pte_set(root, va, middle, pv_pte_make(pv_pte_pa(pv_pte_get(middle)), PV_PTE_P | upper));
        pv_pte_set(root, va, leaf, pv_pte_make(pv_pte_pa(pv_pte_get(leaf)), PV_PTE_P | lower));
        pv_mmu_invalidate_page(va);
        for (unsigned i = 0; i < sizeof kernel_accesses / sizeof kernel_accesses[0]; i++)
            if (!ACCESS_AS_TABLES(va, kernel_accesses[i]))
                return;
    }
    /* Let the table be found as it was made. */
    pv_pte_set(root, va, middle, pv_pte_make(pv_pte_pa(pv_pte_get(middle)), PV_PTE_P | PV_PTE_W));
}

static void mmu_rights_user_cannot_reach_kernel(void)
{
    static uint64_t data = 5;
    pv_va_t places[3] = {(pv_va_t)&data & ~7UL, (pv_va_t)mmu_rights_user_cannot_reach_kernel & ~7UL, 0};
    pv_va_t vmap = PV_VMAP_BASE + 0x3000;
    pv_pa_t root = access_user_init();

    places[2] = (pv_va_t)pv_phys_to_virt(conform_page());
    for (unsigned i = 0; i < 3; i++)
        for (unsigned n = 2; n < ACCESSES; n++)
            ACCESS_FAULTS(places[i], user_accesses[n], PV_PF_P | user_accesses[n]);
    for (unsigned n = 2; n < ACCESSES; n++)
        ACCESS_FAULTS(vmap, user_accesses[n], user_accesses[n]);
    conform_map(root, vmap, access_page(6), CONFORM_KERNEL_RW);
    ACCESS_READS(vmap, 0, 6);
    for (unsigned n = 2; n < ACCESSES; n++)
        ACCESS_FAULTS(vmap, user_accesses[n], PV_PF_P | user_accesses[n]);
    CHECK_EQ(data, 5);
}

/* boot.h: the image is mapped with the rights of its segments; the direct map read-write. */
static void mmu_rights_image_has_those_of_its_segments(void)
{
    static const uint64_t constant = 0x1234;
    static uint64_t data = ACCESS_TAG(3);
    pv_va_t text = (pv_va_t)mmu_rights_image_has_those_of_its_segments & ~7UL;

    ACCESS_FAULTS(text, PV_PF_W, PV_PF_P | PV_PF_W);
    ACCESS_FAULTS((pv_va_t)&constant, PV_PF_W, PV_PF_P | PV_PF_W);
    ACCESS_FAULTS((pv_va_t)&data, PV_PF_I, PV_PF_P | PV_PF_I);
    CHECK(ACCESS_WRITES((pv_va_t)&data, 0, 9));
    CHECK_EQ(*(volatile uint64_t *)&data, 9);
    CHECK_EQ(*(const volatile uint64_t *)&constant, 0x1234);
}

/*
 * SDM vol. 3, tables 4-15 and 4-18: bit 7 of a root entry and the low address bits of a 2 MiB page are
 * reserved. The fault says so, and says present (4.7).
 */
static void mmu_rights_reserved_bit_faults(void)
{
    pv_pa_t root = access_user_init();
    pv_pa_t crooked;

    prepare(root, VA);
    for (unsigned n = 0; n < ACCESSES; n++) {
        pv_pte_t good = pv_pte_get(entries[4]);

        pv_pte_set(root, VA, entries[4], good | PV_PTE_LARGE);
        pv_mmu_invalidate_page(VA);
        ACCESS_FAULTS_RESERVED(VA, user_accesses[n]);
        pv_pte_set(root, VA, entries[4], good);
        pv_mmu_invalidate_page(VA);
        ACCESS_READS(VA, 0, ACCESS_TAG(0));
    }
    if (!(conform_info->features & PV_FEATURE_PAGE_2M))
        return;
    crooked = conform_pages(16, 512) + 8 * PV_PAGE_SIZE;
    for (unsigned n = 0; n < ACCESSES; n++) {
        pv_pte_t good = pv_pte_get(entries[2]);

        pv_pte_set(root, VA, entries[2], pv_pte_make(crooked, 7 | PV_PTE_LARGE));
        pv_mmu_invalidate_page(VA);
        ACCESS_FAULTS_RESERVED(VA, user_accesses[n]);
        pv_pte_set(root, VA, entries[2], good);
        pv_mmu_invalidate_page(VA);
    }
}

const struct conform_test conform_mmu_rights_tests[] = {
    CONFORM_TEST(mmu_rights_combine_over_two_levels),
    CONFORM_TEST(mmu_rights_combine_over_four_levels),
    CONFORM_TEST(mmu_rights_not_present_wins),
    CONFORM_TEST(mmu_rights_kernel_write_to_read_only_faults),
    CONFORM_TEST(mmu_rights_kernel_half_combine),
    CONFORM_TEST(mmu_rights_user_cannot_reach_kernel),
    CONFORM_TEST(mmu_rights_image_has_those_of_its_segments),
    CONFORM_TEST(mmu_rights_reserved_bit_faults),
    {0},
};
