/* SPDX-License-Identifier: MIT */
/*
 * mmu.h, pv_user_copy_str(): the length without the end; -PV_ENAMETOOLONG without an end in `size` bytes;
 * -PV_EFAULT outside the user window or when the handler gives up. Only as much as the string has is looked
 * at, so a string may end with the last byte that is mapped, and `size` may reach behind the window.
 */
#include "access.h"

#define VA 0x23000000UL
#define PAGE ((char *)pv_phys_to_virt(pa))

static char buffer[2 * PV_PAGE_SIZE];
static pv_pa_t root, pa;
static unsigned faults, mends;

static bool handler(struct pv_frame *frame)
{
    pv_va_t va = conform_entry.address & PV_PAGE_MASK;

    if (frame->vector != PV_EXCEPTION_PF || ++faults > 100)
        return false;
    CHECK_EQ(frame->cs, PV_SELECTOR_KERNEL_CODE);
    CHECK_EQ(frame->error, 0);
    CHECK_EQ(va, VA + PV_PAGE_SIZE);
    if (mends == 0) {
        CHECK(pv_user_fault_fixup(frame));
        return true;
    }
    mends--;
    conform_map(root, va, pa + PV_PAGE_SIZE, CONFORM_USER_RW);
    return true;
}

/* Two pages of RAM; the first is mapped. */
static void prepare(unsigned mended)
{
    root = access_user_init();
    pa = conform_pages(2, 1);
    conform_map(root, VA, pa, CONFORM_USER_RW);
    faults = 0;
    mends = mended;
    conform_expect_trap(handler);
}

/* A string of `length` letters whose end is the byte before `end` of the RAM. */
static void put(size_t end, size_t length)
{
    for (size_t i = 0; i < length; i++)
        PAGE[end - 1 - length + i] = (char)('a' + i % 23);
    PAGE[end - 1] = 0;
}

/* It is there with its end, and nothing behind it was written. */
static bool got(size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!CHECK_EQ(buffer[i], 'a' + i % 23))
            return false;
    return CHECK_EQ(buffer[length], 0) && CHECK_EQ((unsigned char)buffer[length + 1], 0x5a);
}

static int copy(pv_va_t va, size_t size)
{
    __builtin_memset(buffer, 0x5a, sizeof buffer);
    return pv_user_copy_str(buffer, va, size);
}

static void user_str_lengths_and_offsets(void)
{
    prepare(0);
    for (size_t length = 0; length <= 40; length++)
        for (size_t at = 0; at < 9; at++) {
            put(1000 + at + length + 1, length);
            CHECK_EQ(copy(VA + 1000 + at, sizeof buffer), length);
            if (!got(length))
                return;
        }
    put(4001, 4000);
    CHECK_EQ(copy(VA, sizeof buffer), 4000);
    got(4000);
}

/* The next page is not there, and is not asked for. */
static void user_str_ends_with_its_page(void)
{
    prepare(0);
    for (size_t length = 0; length <= 40; length++) {
        put(PV_PAGE_SIZE, length);
        CHECK_EQ(copy(VA + PV_PAGE_SIZE - 1 - length, sizeof buffer), length);
        CHECK_EQ(copy(VA + PV_PAGE_SIZE - 1 - length, length + 1), length);
        if (!got(length))
            return;
    }
    CHECK_EQ(faults, 0);
}

/* size counts the end: one byte less is too little, and that is seen without looking further. */
static void user_str_size_is_exact(void)
{
    prepare(0);
    __builtin_memset(PAGE, 'q', PV_PAGE_SIZE);
    for (size_t length = 0; length <= 40; length++) {
        pv_va_t va = VA + PV_PAGE_SIZE - length;

        CHECK_EQ(copy(va, length), -PV_ENAMETOOLONG);
        CHECK_EQ((unsigned char)buffer[length], 0x5a);
        put(2000 + length + 1, length);
        CHECK_EQ(copy(VA + 2000, length + 1), length);
        got(length);
        CHECK_EQ(copy(VA + 2000, length), -PV_ENAMETOOLONG);
        CHECK_EQ((unsigned char)buffer[length], 0x5a);
        __builtin_memset(PAGE + 2000, 'q', length + 1);
    }
    CHECK_EQ(faults, 0);
}

static void user_str_over_pages_is_mended(void)
{
    for (size_t before = 0; before < 20; before++)
        for (size_t behind = 1; behind < 20; behind += 9) {
            prepare(1);
            put(PV_PAGE_SIZE + behind, before + behind - 1);
            CHECK_EQ(copy(VA + PV_PAGE_SIZE - before, 100), before + behind - 1);
            CHECK_EQ(faults, 1);
            if (!got(before + behind - 1))
                return;
        }
}

static void user_str_given_up(void)
{
    prepare(0);
    __builtin_memset(PAGE, 'u', 2 * PV_PAGE_SIZE);
    for (size_t before = 0; before < 40; before++) {
        CHECK_EQ(copy(VA + PV_PAGE_SIZE - before, before + 1), -PV_EFAULT);
        CHECK_EQ((unsigned char)buffer[before + 1], 0x5a);
    }
    CHECK_EQ(faults, 40);
}

static void user_str_outside_the_window_is_refused(void)
{
    static const char text[] = "kernel";

    prepare(0);
    CHECK_EQ(copy((pv_va_t)text, 100), -PV_EFAULT);
    CHECK_EQ(copy((pv_va_t)PAGE, 100), -PV_EFAULT);
    CHECK_EQ(copy(0, 100), -PV_EFAULT);
    CHECK_EQ(copy(PV_USER_BASE - 1, 100), -PV_EFAULT);
    CHECK_EQ(copy(PV_USER_END, 100), -PV_EFAULT);
    CHECK_EQ(copy(PV_USER_GATE, 100), -PV_EFAULT);
    CHECK_EQ(copy(0x800000000000UL, 100), -PV_EFAULT);
    CHECK_EQ(copy(0xdead000000000000UL, 100), -PV_EFAULT);
    CHECK_EQ(copy(~0UL, 100), -PV_EFAULT);
    CHECK_EQ(faults, 0);
    for (size_t i = 0; i < 100; i++)
        CHECK_EQ((unsigned char)buffer[i], 0x5a);
}

/* At the end of the window: a string that ends there is good with any size, one that does not is not. */
static void user_str_at_the_end_of_the_window(void)
{
    prepare(0);
    conform_map(root, PV_USER_END - PV_PAGE_SIZE, pa, CONFORM_USER_RW);
    put(PV_PAGE_SIZE, 10);
    CHECK_EQ(copy(PV_USER_END - 11, 11), 10);
    CHECK_EQ(copy(PV_USER_END - 11, 12), 10);
    CHECK_EQ(copy(PV_USER_END - 11, sizeof buffer), 10);
    got(10);
    CHECK_EQ(pv_user_copy_str(buffer, PV_USER_END - 11, ~0UL), 10);
    PAGE[PV_PAGE_SIZE - 1] = 'k';
    CHECK_EQ(copy(PV_USER_END - 11, 11), -PV_ENAMETOOLONG);
    CHECK_EQ(copy(PV_USER_END - 11, 12), -PV_EFAULT);
    CHECK_EQ(copy(PV_USER_END - 11, sizeof buffer), -PV_EFAULT);
    CHECK_EQ(copy(PV_USER_END - 1, 2), -PV_EFAULT);
    CHECK_EQ(faults, 0);
}

static void user_str_at_the_beginning_of_the_window(void)
{
    prepare(0);
    conform_map(root, PV_USER_BASE, pa, CONFORM_USER_RW);
    put(11, 10);
    CHECK_EQ(copy(PV_USER_BASE, 11), 10);
    got(10);
    CHECK_EQ(copy(PV_USER_BASE - 1, 12), -PV_EFAULT);
}

const struct conform_test conform_user_str_tests[] = {
    CONFORM_TEST(user_str_lengths_and_offsets),
    CONFORM_TEST(user_str_ends_with_its_page),
    CONFORM_TEST(user_str_size_is_exact),
    CONFORM_TEST(user_str_over_pages_is_mended),
    CONFORM_TEST(user_str_given_up),
    CONFORM_TEST(user_str_outside_the_window_is_refused),
    CONFORM_TEST(user_str_at_the_end_of_the_window),
    CONFORM_TEST(user_str_at_the_beginning_of_the_window),
    {0},
};
