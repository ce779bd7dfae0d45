/* SPDX-License-Identifier: MIT */
/*
 * backend-posix/walk.h: one case for each thing that it says or does; tests/fuzz/fuzz_walk.c has the rest.
 * The error codes are those of the SDM, vol. 3, 4.7.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backend-posix/walk.h"
#include "unit.h"

#define P PV_PTE_P
#define W PV_PTE_W
#define U PV_PTE_U
#define A PV_PTE_A
#define D PV_PTE_D
#define L PV_PTE_LARGE
#define NX PV_PTE_NX
#define ALL (P | W | U)
#define VA 0x0000123456789abcUL
#define PAGE 0x5000UL /* where VA leads */
#define MEMORY 0x800000UL /* what the walk is told; the tables are in its first pages */

static pv_pte_t ram[8][PV_MMU_ENTRIES];
static struct posix_walk walk;

/* Level n's table is page 5 - n; the root is page 1. */
static pv_pte_t *entry(unsigned level)
{
    return &ram[5 - level][pv_mmu_index(VA, level)];
}

static void set_up(void)
{
    memset(ram, 0, sizeof ram);
    for (unsigned level = 4; level > 1; level--)
        *entry(level) = ((6 - level) * PV_PAGE_SIZE) | ALL;
    *entry(1) = PAGE | ALL;
}

static bool go(uint64_t access)
{
    return posix_walk((char *)ram, MEMORY, PV_PAGE_SIZE, VA, access, &walk);
}

static void fails(uint64_t access, uint64_t error)
{
    pv_pte_t before[8][PV_MMU_ENTRIES];

    memcpy(before, ram, sizeof ram);
    ck_assert(!go(access));
    ck_assert_uint_eq(walk.error, error);
    ck_assert_mem_eq(before, ram, sizeof ram);
}

START_TEST(translates)
{
    ck_assert(go(0));
    ck_assert_uint_eq(walk.error, 0);
    ck_assert_uint_eq(walk.pa, PAGE | (VA & 0xfff));
    ck_assert_uint_eq(walk.level, 1);
    ck_assert_uint_eq(walk.flags, W | U);
    ck_assert_ptr_eq(walk.entry, entry(1));
}
END_TEST

START_TEST(sets_accessed_and_dirty)
{
    ck_assert(go(PV_PF_U));
    for (unsigned level = 1; level <= 4; level++)
        ck_assert_uint_eq(*entry(level) & (A | D), A);
    ck_assert(go(PV_PF_W));
    ck_assert_uint_eq(*entry(1) & (A | D), A | D);
    ck_assert_uint_eq(*entry(2) & (A | D), A);
    ck_assert_uint_eq(walk.flags, W | U | D);
}
END_TEST

START_TEST(not_present_at_each_level)
{
    unsigned level = (unsigned)_i;

    *entry(level) &= ~P;
    fails(0, 0);
    fails(PV_PF_W | PV_PF_U, PV_PF_W | PV_PF_U);
    fails(PV_PF_I | PV_PF_U, PV_PF_I | PV_PF_U);
}
END_TEST

START_TEST(rights_at_each_level)
{
    unsigned level = (unsigned)_i;

    *entry(level) &= ~W;
    fails(PV_PF_W, PV_PF_P | PV_PF_W);
    *entry(level) = (*entry(level) | W) & ~U;
    fails(PV_PF_U, PV_PF_P | PV_PF_U);
    ck_assert(go(PV_PF_W));
    ck_assert_uint_eq(walk.flags, W | D);
    set_up();
    *entry(level) |= NX;
    fails(PV_PF_I | PV_PF_U, PV_PF_P | PV_PF_I | PV_PF_U);
    ck_assert(go(PV_PF_U));
    ck_assert_uint_eq(walk.flags, W | U | NX);
}
END_TEST

START_TEST(large_page)
{
    *entry(2) = 0x400000 | ALL | L;
    ck_assert(go(PV_PF_W));
    ck_assert_uint_eq(walk.level, 2);
    ck_assert_uint_eq(walk.pa, 0x400000 | (VA & 0x1fffff));
    ck_assert_ptr_eq(walk.entry, entry(2));
    ck_assert_uint_eq(*entry(2) & (A | D), A | D);
    *entry(3) = ALL | L; /* a GiB, of which there are 8 MiB */
    fails(0, PV_PF_P | PV_PF_R);
}
END_TEST

START_TEST(reserved_bits)
{
    *entry(4) |= L;
    fails(PV_PF_W, PV_PF_P | PV_PF_R | PV_PF_W);
    set_up();
    *entry(2) = 0x402000 | ALL | L;
    fails(0, PV_PF_P | PV_PF_R);
    *entry(2) = 0x401000 | ALL | L; /* PAT */
    ck_assert(go(0));
    ck_assert_uint_eq(walk.pa, 0x400000 | (VA & 0x1fffff));
    *entry(3) = 0x200000 | ALL | L;
    fails(0, PV_PF_P | PV_PF_R);
}
END_TEST

START_TEST(outside_of_ram)
{
    unsigned level = (unsigned)_i;

    *entry(level) = MEMORY | ALL;
    fails(0, PV_PF_P | PV_PF_R);
    *entry(level) = PV_PTE_PA_MASK | ALL;
    fails(PV_PF_U, PV_PF_P | PV_PF_R | PV_PF_U);
}
END_TEST

START_TEST(root_outside_of_ram)
{
    ck_assert(!posix_walk((char *)ram, MEMORY, MEMORY, VA, 0, &walk));
    ck_assert_uint_eq(walk.error, PV_PF_P | PV_PF_R);
    ck_assert(!posix_walk((char *)ram, MEMORY, ~0xfffUL, VA, PV_PF_W, &walk));
    ck_assert_uint_eq(walk.error, PV_PF_P | PV_PF_R | PV_PF_W);
}
END_TEST

START_TEST(addresses_above_the_lower_half)
{
    static const pv_va_t high[] = {1UL << 47, VA | 1UL << 47, 0xffff800000000000, ~0UL, VA | 1UL << 48};

    for (unsigned i = 0; i < sizeof high / sizeof high[0]; i++) {
        ck_assert(!posix_walk((char *)ram, MEMORY, PV_PAGE_SIZE, high[i], PV_PF_U, &walk));
        ck_assert_uint_eq(walk.error, PV_PF_U);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("posix_walk");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, translates);
    tcase_add_test(tests, sets_accessed_and_dirty);
    tcase_add_loop_test(tests, not_present_at_each_level, 1, 5);
    tcase_add_loop_test(tests, rights_at_each_level, 1, 5);
    tcase_add_test(tests, large_page);
    tcase_add_test(tests, reserved_bits);
    tcase_add_loop_test(tests, outside_of_ram, 1, 5);
    tcase_add_test(tests, root_outside_of_ram);
    tcase_add_test(tests, addresses_above_the_lower_half);
    return unit_run(tests);
}
