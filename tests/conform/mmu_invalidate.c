/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "A removed or reduced right holds after its invalidation only: in kernel mode on this CPU when the
 * invalidate (or the end of its batch) returns, in user mode from the next return to it." Each test first
 * uses the right that goes away, so that whatever caches translations has it. What a stale mapping does
 * before its invalidation is nobody's promise and not looked at. Added rights: mmu_added.c.
 */
#include "access.h"

#define BASE 0x10000000000UL
#define PAGES 40

/* How a right is made to go. Each gets the first page and how many there are. */
static void by_page(pv_va_t va, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        pv_mmu_invalidate_page(va + i * PV_PAGE_SIZE);
}

static void by_range(pv_va_t va, unsigned count)
{
    pv_mmu_invalidate_range(va, count * PV_PAGE_SIZE);
}

/* Neither address nor size need to be multiples of the page size: what is touched counts. */
static void by_crooked_range(pv_va_t va, unsigned count)
{
    pv_mmu_invalidate_range(va + PV_PAGE_SIZE - 1, (count - 2) * PV_PAGE_SIZE + 2);
}

static void by_huge_range(pv_va_t va, unsigned count)
{
    (void)count;
    if (pv_va_is_kernel(va))
        pv_mmu_invalidate_range(PV_VMAP_BASE, PV_VMAP_END - PV_VMAP_BASE);
    else
        pv_mmu_invalidate_range(PV_USER_BASE, PV_USER_END - PV_USER_BASE);
}

static void by_all(pv_va_t va, unsigned count)
{
    (void)va;
    (void)count;
    pv_mmu_invalidate_all();
}

static void by_batch(pv_va_t va, unsigned count)
{
    pv_mmu_batch_begin();
    by_page(va, count / 2);
    by_range(va + count / 2 * PV_PAGE_SIZE, count - count / 2);
    pv_mmu_batch_end();
}

/* For the user half only: the kernel half may be global. */
static void by_load(pv_va_t va, unsigned count)
{
    (void)va;
    (void)count;
    pv_mmu_load(pv_mmu_root());
}

static void by_two_loads(pv_va_t va, unsigned count)
{
    pv_pa_t root = pv_mmu_root();

    (void)va;
    (void)count;
    pv_mmu_load(conform_info->root);
    pv_mmu_load(root);
}

typedef void invalidate_t(pv_va_t va, unsigned count);

/* The last two are for the user half. */
static invalidate_t *const ways[] = {by_page, by_range, by_crooked_range, by_huge_range,
                                     by_all,  by_batch, by_load,          by_two_loads};

#define WAYS (sizeof ways / sizeof ways[0])
#define KERNEL_WAYS (WAYS - 2)

/* What changes, and what is to be seen of it. */
struct change {
    uint64_t flags;  /* before */
    uint64_t after;  /* flags after; 0: not present */
    uint64_t access; /* the one that is lost */
    bool move;       /* to other frames: nothing faults, but other contents are seen */
};

static pv_pa_t frames[2]; /* contiguous pages */

static void use(pv_va_t va, uint64_t access)
{
    for (unsigned i = 0; i < PAGES; i++) {
        /* Read first and write then: both leave their traces in caches. */
        ACCESS_WORKS(va + i * PV_PAGE_SIZE, access & PV_PF_U);
        if (access & PV_PF_W)
            ACCESS_WORKS(va + i * PV_PAGE_SIZE, access);
        if (access & PV_PF_I)
            ACCESS_WORKS(va + i * PV_PAGE_SIZE, access);
    }
}

static void set_all(pv_pa_t root, pv_va_t va, pv_pa_t pa, uint64_t flags)
{
    for (unsigned i = 0; i < PAGES; i++) {
        pv_va_t page = va + i * PV_PAGE_SIZE;
        pv_pte_t *ptep = conform_walk(root, page, 1);

        if (ptep)
            pv_pte_set(root, page, ptep, pv_pte_make(pa + i * PV_PAGE_SIZE, flags));
        else
            conform_map(root, page, pa + i * PV_PAGE_SIZE, flags);
    }
}

static void fill_frames(void)
{
    for (unsigned f = 0; f < 2; f++) {
        frames[f] = conform_pages(PAGES, 1);
        for (unsigned i = 0; i < PAGES; i++)
            *access_word(frames[f] + i * PV_PAGE_SIZE) = ACCESS_TAG(f * 1000 + i);
    }
}

static bool check(pv_va_t va, const struct change *change)
{
    for (unsigned i = 0; i < PAGES; i++) {
        pv_va_t page = va + i * PV_PAGE_SIZE;
        uint64_t error = change->access | (change->after & PV_PTE_P);

        if (change->move ? !ACCESS_READS(page, change->access, ACCESS_TAG(1000 + i))
                         : !ACCESS_FAULTS(page, change->access, error))
            return false;
    }
    return true;
}

static bool one_way(pv_pa_t root, pv_va_t va, const struct change *change, invalidate_t *way)
{
    set_all(root, va, frames[0], change->flags);
    pv_mmu_invalidate_range(va, PAGES * PV_PAGE_SIZE);
    use(va, change->access);
    if (change->move)
        set_all(root, va, frames[1], change->flags);
    else
        set_all(root, va, change->after ? frames[0] : 0, change->after);
    way(va, PAGES);
    return check(va, change);
}

static void all_ways(pv_va_t va, const struct change *change, unsigned count)
{
    pv_pa_t root = access_user_init();

    fill_frames();
    for (uint64_t n = 0; n < conform_n(1); n++)
        for (unsigned i = 0; i < count; i++)
            if (!one_way(root, va, change, ways[i])) {
                conform_puts("#   way of invalidation: ");
                conform_put_decimal(i);
                conform_puts("\n");
                return;
            }
}

#define PW (PV_PTE_P | PV_PTE_W)
#define PU (PV_PTE_P | PV_PTE_U)
#define PWU (PV_PTE_P | PV_PTE_W | PV_PTE_U)

#define USER_TEST(name, ...)                               \
    static void mmu_invalidate_##name(void)                \
    {                                                      \
        static const struct change change = {__VA_ARGS__}; \
                                                           \
        all_ways(BASE, &change, WAYS);                     \
    }

USER_TEST(user_page_removed, PWU, 0, PV_PF_U, false)
USER_TEST(user_page_removed_after_write, PWU, 0, PV_PF_U | PV_PF_W, false)
USER_TEST(user_page_removed_for_kernel, PWU, 0, 0, false)
USER_TEST(user_page_moved, PWU, PWU, PV_PF_U, true)
USER_TEST(user_page_moved_for_kernel, PWU, PWU, 0, true)
USER_TEST(user_page_read_only, PWU, PU, PV_PF_U | PV_PF_W, false)
USER_TEST(user_page_read_only_for_kernel, PWU, PU, PV_PF_W, false)
USER_TEST(user_page_no_execute, PWU, PWU | PV_PTE_NX, PV_PF_U | PV_PF_I, false)
USER_TEST(user_page_taken_from_user, PWU, PW, PV_PF_U, false)

#define KERNEL_TEST(name, ...)                                  \
    static void mmu_invalidate_##name(void)                     \
    {                                                           \
        struct change change = {__VA_ARGS__};                   \
                                                                \
        all_ways(PV_VMAP_BASE + 0x10000, &change, KERNEL_WAYS); \
        change.flags |= PV_PTE_G;                               \
        all_ways(PV_VMAP_BASE + 0x10000, &change, KERNEL_WAYS); \
    }

KERNEL_TEST(kernel_page_removed, PW, 0, 0, false)
KERNEL_TEST(kernel_page_moved, PW, PW, 0, true)
KERNEL_TEST(kernel_page_read_only, PW, PV_PTE_P, PV_PF_W, false)
KERNEL_TEST(kernel_page_no_execute, PW, PW | PV_PTE_NX, PV_PF_I, false)

const struct conform_test conform_mmu_invalidate_tests[] = {
    CONFORM_TEST(mmu_invalidate_user_page_removed),
    CONFORM_TEST(mmu_invalidate_user_page_removed_after_write),
    CONFORM_TEST(mmu_invalidate_user_page_removed_for_kernel),
    CONFORM_TEST(mmu_invalidate_user_page_moved),
    CONFORM_TEST(mmu_invalidate_user_page_moved_for_kernel),
    CONFORM_TEST(mmu_invalidate_user_page_read_only),
    CONFORM_TEST(mmu_invalidate_user_page_read_only_for_kernel),
    CONFORM_TEST(mmu_invalidate_user_page_no_execute),
    CONFORM_TEST(mmu_invalidate_user_page_taken_from_user),
    CONFORM_TEST(mmu_invalidate_kernel_page_removed),
    CONFORM_TEST(mmu_invalidate_kernel_page_moved),
    CONFORM_TEST(mmu_invalidate_kernel_page_read_only),
    CONFORM_TEST(mmu_invalidate_kernel_page_no_execute),
    {0},
};
