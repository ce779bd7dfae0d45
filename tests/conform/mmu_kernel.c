/* SPDX-License-Identifier: MIT */
/*
 * mmu.h, address layout: the kernel half is the same in every root, [PV_VMAP_BASE, PV_VMAP_END) is the
 * kernel's to fill at any time and an addition is seen by all roots, also by those made before. And the
 * translations between physical and virtual addresses, and which addresses are the kernel's.
 */
#include "access.h"

#define STACK_PAGES 4

static void mmu_kernel_half_is_the_same_in_all_roots(void)
{
    static uint64_t data;
    pv_pa_t root[3] = {conform_info->root, conform_root(), conform_root()};
    pv_pa_t pa = access_page(1);

    for (uint64_t n = 0; n < conform_n(30); n++) {
        pv_mmu_load(root[n % 3]);
        *access_word(pa) += 1;
        *(volatile uint64_t *)&data += 1;
    }
    CHECK_EQ(*access_word(pa), conform_n(30) + 1);
    CHECK_EQ(data, conform_n(30));
}

/* Made by any root while any is loaded; at the first page of the window, the last, and between. */
static void mmu_vmap_addition_seen_by_all_roots(void)
{
    static const pv_va_t places[] = {PV_VMAP_BASE,
                                     PV_VMAP_BASE + 0x7654321000UL % (PV_VMAP_END - PV_VMAP_BASE),
                                     PV_VMAP_END - PV_PAGE_SIZE};
    pv_pa_t root[4];

    for (unsigned i = 0; i < 4; i++)
        root[i] = i == 0 ? conform_info->root : conform_root();
    for (unsigned i = 0; i < 4; i++)
        for (unsigned p = 0; p < 3; p++) {
            pv_va_t va = places[p] & PV_PAGE_MASK;

            pv_mmu_load(root[i]);
            ACCESS_FAULTS(va, 0, 0);
            conform_map(root[(i + 1) % 4], va, access_page(10 * i + p),
                        CONFORM_KERNEL_RW | (i & 1 ? PV_PTE_G : 0));
            for (unsigned n = 0; n < 4; n++) {
                ACCESS_READS(va, 0, 10 * i + p + n);
                ACCESS_WRITES(va, 0, 10 * i + p + n + 1);
                pv_mmu_load(root[(i + n + 1) % 4]);
            }
            /* Taken away while one root is loaded: gone in all. */
            conform_unmap(root[(i + 2) % 4], va);
            for (unsigned n = 0; n < 4; n++) {
                ACCESS_FAULTS(va, 0, 0);
                ACCESS_FAULTS(va + 8, PV_PF_W, PV_PF_W);
                pv_mmu_load(root[n]);
            }
        }
}

/* A root that is made later sees what is there already. */
static void mmu_vmap_seen_by_later_roots(void)
{
    pv_va_t va = PV_VMAP_BASE + 0x123000;
    pv_pa_t root;

    conform_map(conform_info->root, va, access_page(5), CONFORM_KERNEL_RW);
    root = conform_root();
    ACCESS_READS(va, 0, 5);
    pv_mmu_load(root);
    ACCESS_READS(va, 0, 5);
}

static void mmu_vmap_many_pages(void)
{
    enum { PAGES = 400 };
    const uint64_t stride = 0x5003000;

    for (uint64_t i = 0; i < PAGES; i++)
        conform_map(conform_info->root, PV_VMAP_BASE + i * stride, access_page(i), CONFORM_KERNEL_RW);
    for (uint64_t n = 0; n < conform_n(1); n++)
        for (uint64_t i = 0; i < PAGES; i++) {
            volatile uint64_t *word = (volatile uint64_t *)(PV_VMAP_BASE + i * stride);

            if (!CHECK_EQ(word[0], i))
                return;
            word[1]++;
        }
    for (uint64_t i = 0; i < PAGES; i++) {
        pv_pte_t pte = pv_pte_get(conform_walk(conform_info->root, PV_VMAP_BASE + i * stride, 1));

        CHECK_EQ(access_word(pv_pte_pa(pte))[1], conform_n(1));
    }
}

/* A stack in the window, with a hole below it: traps from user mode use it, an overflow finds the hole. */
static void mmu_vmap_stack_with_guard_page(void)
{
    pv_va_t base = PV_VMAP_BASE + 0x10001000;
    pv_va_t top = base + STACK_PAGES * PV_PAGE_SIZE;
    pv_pa_t root = access_user_init();

    for (unsigned i = 0; i < STACK_PAGES; i++)
        conform_map(root, base + i * PV_PAGE_SIZE, access_page(i), CONFORM_KERNEL_RW);
    conform_trap_stack_set((void *)top);
    ACCESS_FAULTS(0x20000, PV_PF_U, PV_PF_U);
    CHECK_EQ(conform_entry.frame, top - sizeof(struct pv_frame));
    ACCESS_FAULTS(base - 8, PV_PF_W, PV_PF_W);
    ACCESS_FAULTS(top, 0, 0);
    ACCESS_READS(base, 0, 0);
}

/* Byte by byte: the address is that of the access, not of its page. */
static void mmu_fault_address_is_exact(void)
{
    pv_va_t vmap = PV_VMAP_BASE + 0x20000000, user = 0x30000000;

    access_user_init();
    for (unsigned i = 0; i < conform_n(30); i++) {
        uint64_t offset = i < 2 ? i * (PV_PAGE_SIZE - 8) : conform_random() % (PV_PAGE_SIZE - 7);

        ACCESS_FAULTS(vmap + offset, i & PV_PF_W, i & PV_PF_W);
        ACCESS_FAULTS(user + offset, i & PV_PF_W, i & PV_PF_W);
        ACCESS_FAULTS(user + offset, PV_PF_U | (i & PV_PF_W), PV_PF_U | (i & PV_PF_W));
        ACCESS_FAULTS(user + offset, PV_PF_U | PV_PF_I, PV_PF_U | PV_PF_I);
    }
    /* A null pointer, in both modes. */
    ACCESS_FAULTS(0, 0, 0);
    ACCESS_FAULTS(0, PV_PF_W, PV_PF_W);
    ACCESS_FAULTS(0, PV_PF_U, PV_PF_U);
    ACCESS_FAULTS(0, PV_PF_U | PV_PF_I, PV_PF_U | PV_PF_I);
}

/* An access over the end of a page faults with the first byte of the page that is missing. */
static void mmu_fault_address_when_crossing(void)
{
    static const uint64_t modes[] = {0, PV_PF_W, PV_PF_U, PV_PF_U | PV_PF_W};
    pv_va_t va = 0x40000000;
    pv_pa_t root = access_user_init();
    pv_pa_t pa = access_page(0);

    conform_map(root, va, pa, CONFORM_USER_RW);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned n = 1; n < 8; n++) {
            access_word(pa)[511] = 0x1111111111111111;
            access_faults(va + PV_PAGE_SIZE - n, modes[i], modes[i], va + PV_PAGE_SIZE, __FILE__, __LINE__);
            /* Not even the part that fits was written. */
            CHECK_EQ(access_word(pa)[511], 0x1111111111111111);
        }
}

static void mmu_physical_and_virtual_round_trip(void)
{
    static volatile uint64_t data;

    for (uint32_t i = 0; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];
        pv_pa_t step = (r->size / 64 & PV_PAGE_MASK) + PV_PAGE_SIZE;

        for (pv_pa_t pa = r->base; pa < r->base + r->size; pa += step) {
            CHECK_EQ(pv_virt_to_phys(pv_phys_to_virt(pa)), pa);
            CHECK_EQ(pv_phys_to_virt(pa + 7), (pv_va_t)pv_phys_to_virt(0) + pa + 7);
        }
        CHECK_EQ(pv_virt_to_phys(pv_phys_to_virt(r->base + r->size - 1)), r->base + r->size - 1);
    }
    data = 1;
    *(volatile uint64_t *)pv_phys_to_virt(pv_virt_to_phys(&data)) = 2;
    CHECK_EQ(data, 2);
    CHECK_EQ(*(volatile uint8_t *)pv_phys_to_virt(pv_virt_to_phys((void *)(uintptr_t)access_try)),
             *(volatile uint8_t *)(uintptr_t)access_try);
}

static void mmu_kernel_addresses_are_told(void)
{
    static uint64_t data;
    uint64_t local;

    CHECK(pv_va_is_kernel((pv_va_t)&data));
    CHECK(pv_va_is_kernel((pv_va_t)&local));
    CHECK(pv_va_is_kernel((pv_va_t)access_try));
    CHECK(pv_va_is_kernel((pv_va_t)conform_info));
    CHECK(pv_va_is_kernel((pv_va_t)pv_phys_to_virt(conform_page())));
    CHECK(pv_va_is_kernel(PV_DIRECT_BASE));
    CHECK(pv_va_is_kernel(PV_KERNEL_BASE));
    CHECK(pv_va_is_kernel(PV_VMAP_BASE));
    CHECK(pv_va_is_kernel(PV_VMAP_END - 1));
    CHECK(!pv_va_is_kernel(0));
    CHECK(!pv_va_is_kernel(PV_USER_BASE));
    CHECK(!pv_va_is_kernel(PV_USER_END - 1));
    CHECK(!pv_va_is_kernel(PV_USER_GATE));
}

const struct conform_test conform_mmu_kernel_tests[] = {
    CONFORM_TEST(mmu_kernel_half_is_the_same_in_all_roots),
    CONFORM_TEST(mmu_vmap_addition_seen_by_all_roots),
    CONFORM_TEST(mmu_vmap_seen_by_later_roots),
    CONFORM_TEST(mmu_vmap_many_pages),
    CONFORM_TEST(mmu_vmap_stack_with_guard_page),
    CONFORM_TEST(mmu_fault_address_is_exact),
    CONFORM_TEST(mmu_fault_address_when_crossing),
    CONFORM_TEST(mmu_physical_and_virtual_round_trip),
    CONFORM_TEST(mmu_kernel_addresses_are_told),
    {0},
};
