/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "Four-level page tables in guest physical memory are the truth": also when there are thousands of
 * mappings, each a piece of its own, many addresses for one frame, or one page of user space in every table.
 * Backends that keep a cache of mappings have to throw parts of it away here, and may not lose any content.
 */
#include "access.h"

#define BASE 0x300000000UL
#define STRIDE 0x3a8d000UL /* no two pages are neighbours, nor in the same level 1 table */
#define SCATTERED 400
#define DENSE 1600

/* rdi: first address, rsi: bytes between, rcx: how many. Word 0 holds the address; word 1 is counted up. */
CONFORM_BLOB(many_blob, "many_check: mov (%rdi), %rax\n"
                        "  cmp %rax, %rdi\n"
                        "  jne 1f\n"
                        "  incq 8(%rdi)\n"
                        "  add %rsi, %rdi\n"
                        "  dec %rcx\n"
                        "  jnz many_check\n"
                        "1: int3\n");
extern const char many_check[];

static struct conform_user user;

/* Let user code look at all of them and count each up. */
static bool sweep(pv_va_t va, uint64_t stride, uint64_t count)
{
    struct pv_frame frame;

    conform_user_frame(&user, &frame, many_check);
    frame.rdi = va;
    frame.rsi = stride;
    frame.rcx = count;
    conform_user_enter(&frame);
    if (!CHECK_EQ(frame.vector, PV_EXCEPTION_BP))
        return false;
    return CHECK_EQ(frame.rcx, 0);
}

static pv_pa_t map_tagged(pv_va_t va)
{
    pv_pa_t pa = access_page(va);

    conform_map(user.root, va, pa, CONFORM_USER_RW);
    return pa;
}

/* How often it was counted up, and by whom it is seen: the direct map and the user's address agree. */
static bool check_one(pv_va_t va, pv_pa_t pa, uint64_t count)
{
    volatile uint64_t *seen = (volatile uint64_t *)va;

    if (!CHECK_EQ(access_word(pa)[1], count) || !CHECK_EQ(seen[0], va) || !CHECK_EQ(seen[1], count))
        return false;
    return true;
}

static void mmu_many_scattered_mappings(void)
{
    static pv_pa_t pages[SCATTERED];

    conform_user_blob(&user, many_blob);
    for (unsigned i = 0; i < SCATTERED; i++)
        pages[i] = map_tagged(BASE + i * STRIDE);
    for (uint64_t n = 1; n <= conform_n(3); n++) {
        if (!sweep(BASE, STRIDE, SCATTERED))
            return;
        for (unsigned i = 0; i < SCATTERED; i++)
            if (!check_one(BASE + i * STRIDE, pages[i], n))
                return;
    }
}

/* Every other page of a long row, so that no two neighbours make one mapping; then the rest between them. */
static void mmu_many_mappings_in_a_row(void)
{
    uint64_t room = conform_pages_left() / 4 * 3,
             count = conform_n(DENSE) < room ? conform_n(DENSE) : room & ~1UL;
    pv_va_t va = BASE;

    conform_user_blob(&user, many_blob);
    for (uint64_t i = 0; i < count; i += 2)
        map_tagged(va + i * PV_PAGE_SIZE);
    if (!sweep(va, 2 * PV_PAGE_SIZE, count / 2))
        return;
    for (uint64_t i = 1; i < count; i += 2)
        map_tagged(va + i * PV_PAGE_SIZE);
    for (unsigned n = 0; n < 2; n++)
        if (!sweep(va, PV_PAGE_SIZE, count))
            return;
    for (uint64_t i = 0; i < count; i++) {
        pv_va_t page = va + i * PV_PAGE_SIZE;

        if (!check_one(page, pv_pte_pa(pv_pte_get(conform_walk(user.root, page, 1))), 2 + !(i & 1)))
            return;
    }
}

/* In every user table of level 3 something is mapped, from the first slot to the last. */
static void mmu_mappings_all_over_the_user_window(void)
{
    uint64_t slots = PV_USER_END / PV_MMU_SPAN(4);

    conform_user_blob(&user, many_blob);
    for (uint64_t i = 0; i < slots; i++)
        map_tagged(i * PV_MMU_SPAN(4) + 0x7fffff8000UL - i * 0x1001000UL);
    for (uint64_t n = 0; n < conform_n(2); n++)
        if (!sweep(0x7fffff8000UL, PV_MMU_SPAN(4) - 0x1001000UL, slots))
            return;
}

/* One frame at many addresses: a write by any is seen by all, from both modes. */
static void mmu_one_frame_at_many_addresses(void)
{
    enum { ADDRESSES = 300 };
    pv_pa_t root = access_user_init();
    pv_pa_t pa = access_page(0);

    for (uint64_t i = 0; i < ADDRESSES; i++)
        conform_map(root, BASE + i * STRIDE, pa, CONFORM_USER_RW);
    for (uint64_t i = 0; i < conform_n(400); i++) {
        uint64_t value = conform_random(), mode = value & PV_PF_U;

        ACCESS_WRITES(BASE + conform_random() % ADDRESSES * STRIDE, mode, value);
        if (!ACCESS_READS(BASE + conform_random() % ADDRESSES * STRIDE, mode, value) ||
            !ACCESS_READS(BASE + conform_random() % ADDRESSES * STRIDE, mode ^ PV_PF_U, value) ||
            !CHECK_EQ(*access_word(pa), value))
            return;
        *access_word(pa) = ~value;
        if (!ACCESS_READS(BASE + conform_random() % ADDRESSES * STRIDE, PV_PF_U, ~value))
            return;
    }
}

/* One frame in two roots, at different addresses and with different rights. */
static void mmu_one_frame_in_two_roots(void)
{
    pv_va_t there = BASE + 7 * STRIDE;
    pv_pa_t a = access_user_init(), b = conform_root();
    pv_pa_t pa = access_page(0);

    access_user_share(b);
    conform_map(a, BASE, pa, CONFORM_USER_RW);
    conform_map(b, there, pa, PV_PTE_P | PV_PTE_U | PV_PTE_NX);
    for (uint64_t i = 1; i < conform_n(50); i++) {
        pv_mmu_load(a);
        ACCESS_WRITES(BASE, i & PV_PF_U, i);
        pv_mmu_load(b);
        if (!ACCESS_READS(there, PV_PF_U, i) || !ACCESS_READS(there, 0, i))
            return;
        ACCESS_FAULTS(there, PV_PF_U | PV_PF_W, PV_PF_P | PV_PF_U | PV_PF_W);
        *access_word(pa) = i + 1000;
        ACCESS_READS(there, PV_PF_U, i + 1000);
    }
}

const struct conform_test conform_mmu_many_tests[] = {
    CONFORM_TEST(mmu_many_scattered_mappings),
    CONFORM_TEST(mmu_many_mappings_in_a_row),
    CONFORM_TEST(mmu_mappings_all_over_the_user_window),
    CONFORM_TEST(mmu_one_frame_at_many_addresses),
    CONFORM_TEST(mmu_one_frame_in_two_roots),
    {0},
};
