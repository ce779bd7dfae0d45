/* SPDX-License-Identifier: MIT */
/*
 * mmu.h, pv_user_copy_in() and pv_user_copy_out() where no page is missing: contents, lengths, alignments,
 * borders of the user window, and everything that is refused without a fault. A trap that these copies raise
 * fails the test, since no handler is installed. Copies that fault: user_copy_fault.c, strings: user_str.c.
 */
#include "access.h"

#define VA 0x20000000UL
#define WORST 0xffffffffffffffffUL

static unsigned char kernel[2 * PV_PAGE_SIZE] __attribute__((aligned(4096)));
static pv_pa_t root;

/* Two pages of user memory and their bytes as the kernel sees them. */
static unsigned char *two_pages(void)
{
    pv_pa_t pa = conform_pages(2, 1);

    root = access_user_init();
    conform_map(root, VA, pa, CONFORM_USER_RW);
    conform_map(root, VA + PV_PAGE_SIZE, pa + PV_PAGE_SIZE, CONFORM_USER_RW);
    return pv_phys_to_virt(pa);
}

static void scramble(unsigned char *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (unsigned char)conform_random();
}

static bool all(const unsigned char *p, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != value)
            return false;
    return true;
}

/* Only [at, at + size) of the 256 bytes at `to` has changed, and to what is at `from`. */
static bool only(const unsigned char *to, size_t at, const unsigned char *from, size_t size)
{
    return all(to, at, 0xa5) && __builtin_memcmp(to + at, from, size) == 0 &&
           all(to + at + size, 256 - at - size, 0xa5);
}

/* Across the border of the pages, so that both take part. */
static bool one_size(unsigned char *user, size_t size, size_t user_at, size_t kernel_at)
{
    size_t border = PV_PAGE_SIZE - 128;
    bool ok = true;

    __builtin_memset(kernel, 0xa5, 256);
    ok &= CHECK_EQ(pv_user_copy_in(kernel + kernel_at, VA + border + user_at, size), 0);
    ok &= CHECK(only(kernel, kernel_at, user + border + user_at, size));
    scramble(kernel, 256);
    __builtin_memset(user + border, 0xa5, 256);
    ok &= CHECK_EQ(pv_user_copy_out(VA + border + user_at, kernel + kernel_at, size), 0);
    ok &= CHECK(only(user + border, user_at, kernel + kernel_at, size));
    scramble(user + border, 256);
    return ok;
}

static void user_copy_all_small_sizes_and_offsets(void)
{
    unsigned char *user = two_pages();

    scramble(user, 2 * PV_PAGE_SIZE);
    for (size_t size = 0; size <= 70; size++)
        for (size_t at = 0; at < 8; at++)
            if (!one_size(user, size, 90 + at, (size + 3 * at) % 8))
                return;
    for (uint64_t n = 0; n < conform_n(100); n++)
        if (!one_size(user, conform_random() % 120, conform_random() % 128, conform_random() % 128))
            return;
}

static void user_copy_whole_pages(void)
{
    unsigned char *user = two_pages();

    scramble(user, 2 * PV_PAGE_SIZE);
    CHECK_EQ(pv_user_copy_in(kernel, VA, 2 * PV_PAGE_SIZE), 0);
    CHECK(__builtin_memcmp(kernel, user, 2 * PV_PAGE_SIZE) == 0);
    scramble(kernel, 2 * PV_PAGE_SIZE);
    CHECK_EQ(pv_user_copy_out(VA, kernel, 2 * PV_PAGE_SIZE), 0);
    CHECK(__builtin_memcmp(kernel, user, 2 * PV_PAGE_SIZE) == 0);
}

static bool same_words(pv_pa_t a, pv_pa_t b, uint64_t size)
{
    for (uint64_t i = 0; i < size / 8; i++)
        if (!CHECK_EQ(access_word(a)[i], access_word(b)[i]))
            return false;
    return true;
}

/* 1 MiB over pages in reverse order, or less many times while interrupts come in. */
static void large_copies(unsigned pages, bool ticks)
{
    pv_pa_t from = conform_pages(pages, 1), user = conform_pages(pages, 1), back = conform_pages(pages, 1);

    root = access_user_init();
    for (unsigned i = 0; i < pages; i++)
        conform_map(root, VA + i * PV_PAGE_SIZE, user + (pages - 1 - i) * PV_PAGE_SIZE, CONFORM_USER_RW);
    for (unsigned i = 0; i < pages * PV_PAGE_SIZE / 8; i++)
        access_word(from)[i] = (uint64_t)i * 0x0123456789abcdefUL;
    conform_expect_trap(conform_count_timer);
    if (ticks) {
        pv_time_periodic(PV_NS_PER_MS);
        pv_irq_enable();
    }
    for (uint64_t n = 0; n < conform_n(1) || (ticks && conform_timer_count < 3); n++) {
        CHECK_EQ(pv_user_copy_out(VA, pv_phys_to_virt(from), pages * PV_PAGE_SIZE), 0);
        CHECK_EQ(pv_user_copy_in(pv_phys_to_virt(back), VA, pages * PV_PAGE_SIZE), 0);
        CHECK_EQ(pv_irq_enabled(), ticks);
        if (!same_words(back, from, pages * PV_PAGE_SIZE))
            break;
        __builtin_memset(pv_phys_to_virt(back), 0, pages * PV_PAGE_SIZE);
    }
    pv_irq_disable();
    for (unsigned i = 0; i < pages; i++)
        CHECK_EQ(*access_word(user + (pages - 1 - i) * PV_PAGE_SIZE), *access_word(from + i * PV_PAGE_SIZE));
}

static void user_copy_mebibyte(void)
{
    large_copies(256, false);
}

static void user_copy_with_interrupts(void)
{
    large_copies(32, true);
}

/* Zero bytes are a success at any address. */
static void user_copy_nothing_from_anywhere(void)
{
    static const pv_va_t places[] = {0,
                                     1,
                                     VA,
                                     PV_USER_BASE - 1,
                                     PV_USER_END,
                                     PV_USER_GATE,
                                     PV_DIRECT_BASE,
                                     PV_KERNEL_BASE,
                                     1UL << 47,
                                     0xdead000000000000UL,
                                     WORST};

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        kernel[0] = 7;
        CHECK_EQ(pv_user_copy_in(kernel, places[i], 0), 0);
        CHECK_EQ(pv_user_copy_out(places[i], kernel, 0), 0);
        CHECK_EQ(kernel[0], 7);
    }
}

static void refused(pv_va_t va, size_t size)
{
    if (!CHECK_EQ(pv_user_copy_in(kernel, va, size), -PV_EFAULT) ||
        !CHECK_EQ(pv_user_copy_out(va, kernel, size), -PV_EFAULT)) {
        conform_put_hex(va);
        conform_puts("\n");
    }
}

/* Nothing outside the user window is touched, whatever is mapped there: the kernel, the gate, nothing. */
static void user_copy_outside_the_window_is_refused(void)
{
    static unsigned char victim[16];
    pv_va_t vmap = PV_VMAP_BASE + 0x7000;

    root = access_user_init();
    conform_map(root, vmap, access_page(5), CONFORM_KERNEL_RW);
    __builtin_memset(kernel, 0x11, 16);
    refused((pv_va_t)victim, 16);
    refused((pv_va_t)user_copy_outside_the_window_is_refused, 16);
    refused((pv_va_t)pv_phys_to_virt(root), 16);
    refused(vmap, 16);
    refused(PV_VMAP_BASE, 1);
    refused(PV_USER_GATE, 8);
    refused(PV_USER_GATE + 4, 1);
    refused(0, 1);
    refused(0, 16);
    refused(PV_USER_BASE - 1, 1);
    refused(PV_USER_BASE - 16, 16);
    refused(PV_USER_END, 1);
    refused(PV_USER_END + 1, 16);
    CHECK(all(victim, 16, 0) && all(kernel, 16, 0x11));
    ACCESS_READS(vmap, 0, 5);
}

static void user_copy_not_canonical_is_refused(void)
{
    root = access_user_init();
    for (unsigned bit = 47; bit < 64; bit++) {
        refused(1UL << bit, 8);
        refused(VA | 1UL << bit, 8);
        refused(WORST << bit, 8);
        refused((WORST << bit) - 4, 8);
    }
    refused(WORST, 1);
    refused(WORST - 7, 8);
    refused(WORST, 2);
}

/* Ranges that begin inside the window and leave it, up to those that wrap around. */
static void user_copy_length_overflow_is_refused(void)
{
    unsigned char *user = two_pages();

    scramble(user, 64);
    __builtin_memset(kernel, 0x22, 64);
    refused(VA, WORST);
    refused(VA, WORST - VA);
    refused(VA, WORST - VA + 1);
    refused(VA, WORST - VA + 2);
    refused(VA, 0 - VA);
    refused(VA, 1UL << 63);
    refused(VA, PV_USER_END);
    refused(VA, PV_USER_END - VA + 1);
    refused(PV_USER_END - 1, WORST);
    refused(PV_USER_END - 1, 2);
    refused(WORST, WORST);
    refused(1, WORST);
    CHECK(all(kernel, 64, 0x22));
}

/* The first and the last bytes of the window can be copied; one byte more cannot. */
static void user_copy_at_the_borders_of_the_window(void)
{
    unsigned char text[] = "borderline";
    pv_pa_t low, high;

    root = access_user_init();
    low = conform_page();
    high = conform_page();
    conform_map(root, PV_USER_BASE, low, CONFORM_USER_RW);
    conform_map(root, PV_USER_END - PV_PAGE_SIZE, high, CONFORM_USER_RW);
    CHECK_EQ(pv_user_copy_out(PV_USER_BASE, text, sizeof text), 0);
    CHECK_EQ(pv_user_copy_out(PV_USER_END - sizeof text, text, sizeof text), 0);
    CHECK_EQ(pv_user_copy_in(kernel, PV_USER_BASE, sizeof text), 0);
    CHECK(__builtin_memcmp(kernel, text, sizeof text) == 0);
    CHECK_EQ(pv_user_copy_in(kernel + 100, PV_USER_END - sizeof text, sizeof text), 0);
    CHECK(__builtin_memcmp(kernel + 100, text, sizeof text) == 0);
    CHECK_EQ(pv_user_copy_in(kernel, PV_USER_END - PV_PAGE_SIZE, PV_PAGE_SIZE), 0);
    CHECK_EQ(pv_user_copy_in(kernel, PV_USER_END - 1, 1), 0);
    CHECK_EQ(kernel[0], 0);
    refused(PV_USER_END - sizeof text, sizeof text + 1);
    refused(PV_USER_BASE - 1, 2);
}

/* The copies follow the loaded root. */
static void user_copy_in_the_loaded_root(void)
{
    pv_pa_t a = access_user_init(), b = conform_root();
    uint64_t value = 0;

    conform_map(a, VA, access_page(1), CONFORM_USER_RW);
    conform_map(b, VA, access_page(2), CONFORM_USER_RW);
    for (uint64_t n = 0; n < conform_n(20); n++) {
        pv_mmu_load(n & 1 ? b : a);
        CHECK_EQ(pv_user_copy_in(&value, VA, sizeof value), 0);
        CHECK_EQ(value, (n & 1) + 1 + n / 2 * 10);
        value += 10;
        CHECK_EQ(pv_user_copy_out(VA, &value, sizeof value), 0);
    }
}

/* A copy is an access: reading makes pages accessed, writing makes them dirty, and only those. */
static void user_copy_sets_accessed_and_dirty(void)
{
    uint64_t bits = PV_PTE_A | PV_PTE_D;
    pv_pte_t *ptep;

    two_pages();
    ptep = conform_walk(root, VA, 1);
    CHECK_EQ(pv_user_copy_in(kernel, VA, 10), 0);
    CHECK_EQ(pv_pte_get(ptep) & bits, PV_PTE_A);
    CHECK_EQ(pv_user_copy_out(VA + PV_PAGE_SIZE - 10, kernel, 10), 0);
    CHECK_EQ(pv_pte_get(ptep) & bits, bits);
    ptep = conform_walk(root, VA + PV_PAGE_SIZE, 1);
    CHECK_EQ(pv_pte_get(ptep) & PV_PTE_D, 0);
    CHECK_EQ(pv_user_copy_out(VA + PV_PAGE_SIZE, kernel, 1), 0);
    CHECK_EQ(pv_pte_get(ptep) & bits, bits);
}

const struct conform_test conform_user_copy_tests[] = {
    CONFORM_TEST(user_copy_all_small_sizes_and_offsets),
    CONFORM_TEST(user_copy_whole_pages),
    CONFORM_TEST(user_copy_mebibyte),
    CONFORM_TEST(user_copy_with_interrupts),
    CONFORM_TEST(user_copy_nothing_from_anywhere),
    CONFORM_TEST(user_copy_outside_the_window_is_refused),
    CONFORM_TEST(user_copy_not_canonical_is_refused),
    CONFORM_TEST(user_copy_length_overflow_is_refused),
    CONFORM_TEST(user_copy_at_the_borders_of_the_window),
    CONFORM_TEST(user_copy_in_the_loaded_root),
    CONFORM_TEST(user_copy_sets_accessed_and_dirty),
    {0},
};
