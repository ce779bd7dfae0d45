/* SPDX-License-Identifier: MIT */
/*
 * tests/conform/walk.c: the reference that the conformance tests ask for error codes, against cases taken
 * from the SDM, vol. 3, sections 4.5 to 4.7, one by one.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/conform/walk.h"
#include "unit.h"

#define P PV_PTE_P
#define W PV_PTE_W
#define U PV_PTE_U
#define NX PV_PTE_NX
#define L PV_PTE_LARGE
#define ALL (P | W | U)

/* One table per level, at (5 - level) pages; everything else is a page. */
#define TABLE(level) ((5UL - (level)) << PV_PAGE_SHIFT)
#define PAGE 0x40000000UL
#define VA 0x0000123456789abcUL

static pv_pte_t tables[6][PV_MMU_ENTRIES];

static pv_pte_t read_table(void *context, pv_pa_t pa)
{
    ck_assert_ptr_eq(context, tables);
    ck_assert_uint_lt(pa >> PV_PAGE_SHIFT, 6);
    return tables[pa >> PV_PAGE_SHIFT][pa % PV_PAGE_SIZE / 8];
}

static struct walk_machine machine = {read_table, tables, 40, true};

/* Entries of levels 4 to 1; an entry with L ends the path. */
static void set_path(const uint64_t flags[4])
{
    bool leaf = false;

    for (unsigned level = 4; level >= 1 && !leaf; level--) {
        leaf = level == 1 || (level < 4 && (flags[4 - level] & L));
        tables[TABLE(level) >> PV_PAGE_SHIFT][pv_mmu_index(VA, level)] = flags[4 - level] |
                                                                         (leaf ? PAGE : TABLE(level - 1));
    }
}

struct rights_case {
    uint64_t flags[4]; /* levels 4, 3, 2, 1 */
    uint64_t access;
    bool fault;
    uint64_t error;
};

static const struct rights_case rights_cases[] = {
    /* 4.6.1, supervisor mode: any present page may be read; writes need W everywhere (CR0.WP = 1). */
    {{ALL, ALL, ALL, P}, 0, false, 0},
    {{P, P, P, P}, 0, false, 0},
    {{ALL, ALL, ALL, ALL}, PV_PF_W, false, 0},
    {{P | W, P | W, P | W, P | W}, PV_PF_W, false, 0},
    {{ALL, ALL, ALL, P | U}, PV_PF_W, true, PV_PF_P | PV_PF_W},
    {{ALL, P | U, ALL, ALL}, PV_PF_W, true, PV_PF_P | PV_PF_W},
    {{P | U, ALL, ALL, ALL}, PV_PF_W, true, PV_PF_P | PV_PF_W},
    /* ... and fetches need NX nowhere (EFER.NXE = 1). */
    {{P, P, P, P}, PV_PF_I, false, 0},
    {{P, P, P | NX, P}, PV_PF_I, true, PV_PF_P | PV_PF_I},
    {{P | NX, P, P, P}, PV_PF_I, true, PV_PF_P | PV_PF_I},
    /* User mode: U everywhere, W everywhere for writes, NX nowhere for fetches. */
    {{ALL, ALL, ALL, P | U}, PV_PF_U, false, 0},
    {{ALL, ALL, ALL, P | W}, PV_PF_U, true, PV_PF_P | PV_PF_U},
    {{ALL, P | W, ALL, ALL}, PV_PF_U, true, PV_PF_P | PV_PF_U},
    {{P | W, ALL, ALL, ALL}, PV_PF_U, true, PV_PF_P | PV_PF_U},
    {{ALL, ALL, ALL, ALL}, PV_PF_U | PV_PF_W, false, 0},
    {{ALL, ALL, P | U, ALL}, PV_PF_U | PV_PF_W, true, PV_PF_P | PV_PF_U | PV_PF_W},
    {{ALL, ALL, ALL, P | W}, PV_PF_U | PV_PF_W, true, PV_PF_P | PV_PF_U | PV_PF_W},
    {{ALL, ALL, ALL, P | U}, PV_PF_U | PV_PF_I, false, 0},
    {{ALL, ALL | NX, ALL, ALL}, PV_PF_U | PV_PF_I, true, PV_PF_P | PV_PF_U | PV_PF_I},
    {{ALL, ALL | NX, ALL, ALL}, PV_PF_U | PV_PF_W, false, 0},
    {{ALL, ALL, P | W, ALL}, PV_PF_U | PV_PF_I, true, PV_PF_P | PV_PF_U | PV_PF_I},
    /* 4.7: P = 0 stops the walk; the other bits of that entry, and rights above it, say nothing. */
    {{ALL, ALL, ALL, W | U}, 0, true, 0},
    {{ALL, ALL, ALL, 0}, PV_PF_U | PV_PF_W, true, PV_PF_U | PV_PF_W},
    {{0, ALL, ALL, ALL}, PV_PF_U, true, PV_PF_U},
    {{P | NX, ALL, W | U | NX, ALL}, PV_PF_U | PV_PF_I, true, PV_PF_U | PV_PF_I},
    {{ALL, L, ALL, ALL}, PV_PF_W, true, PV_PF_W},
    /* Large pages: the entry with PS is the last, and combined in the same way. */
    {{ALL, ALL, ALL | L, 0}, PV_PF_U | PV_PF_W, false, 0},
    {{ALL, ALL | L, 0, 0}, PV_PF_U | PV_PF_W, false, 0},
    {{ALL, P | W, ALL | L, 0}, PV_PF_U, true, PV_PF_P | PV_PF_U},
    {{ALL, ALL, P | U | NX | L, 0}, PV_PF_W, true, PV_PF_P | PV_PF_W},
    /* Table 4-15: bit 7 of a root entry is reserved, and that comes before any right. */
    {{P | L, ALL, ALL, ALL}, PV_PF_U | PV_PF_W, true, PV_PF_P | PV_PF_R | PV_PF_U | PV_PF_W},
    /* Bit 7 of level 1 is PAT, the software's bits are nobody's. */
    {{ALL, ALL, ALL, ALL | L}, PV_PF_U, false, 0},
    {{ALL | PV_PTE_SW1, ALL, ALL | PV_PTE_SW3, ALL | PV_PTE_SW2 | 1UL << 58}, PV_PF_U, false, 0},
};

START_TEST(walk_rights)
{
    const struct rights_case *c = &rights_cases[_i];
    struct walk walk;

    set_path(c->flags);
    walk = walk_tables(&machine, TABLE(4), VA, c->access);
    ck_assert_int_eq(walk.fault, c->fault);
    ck_assert_uint_eq(walk.error, c->error);
}
END_TEST

START_TEST(walk_translates)
{
    static const uint64_t paths[3][4] = {{ALL, ALL, ALL, ALL}, {ALL, ALL, ALL | L, 0}, {ALL, ALL | L, 0, 0}};

    for (unsigned level = 1; level <= 3; level++) {
        struct walk walk;

        set_path(paths[level - 1]);
        walk = walk_tables(&machine, TABLE(4), VA, PV_PF_U);
        ck_assert(!walk.fault);
        ck_assert_uint_eq(walk.level, level);
        ck_assert_uint_eq(walk.pa, PAGE | (VA & (PV_MMU_SPAN(level) - 1)));
        ck_assert_uint_eq(walk.entry, TABLE(level) + 8UL * pv_mmu_index(VA, level));
        ck_assert_uint_eq(walk.used, 0x1eUL & ~((1UL << level) - 1));
    }
}
END_TEST

/* The level where the walk stops, and that entries above it were used. */
START_TEST(walk_stops_where_not_present)
{
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t path[4] = {ALL, ALL, ALL, ALL};
        struct walk walk;

        path[4 - level] = 0;
        set_path(path);
        walk = walk_tables(&machine, TABLE(4), VA, 0);
        ck_assert(walk.fault);
        ck_assert_uint_eq(walk.level, level);
        ck_assert_uint_eq(walk.used, 0x1eUL & ~((2UL << level) - 1));
    }
}
END_TEST

/* Address bits from MAXPHYADDR on, low bits of large pages but PAT, 1 GiB pages where there are none. */
START_TEST(walk_reserved_bits)
{
    pv_pte_t *leaf = &tables[TABLE(1) >> PV_PAGE_SHIFT][pv_mmu_index(VA, 1)];
    pv_pte_t *middle = &tables[TABLE(2) >> PV_PAGE_SHIFT][pv_mmu_index(VA, 2)];
    static const uint64_t small[4] = {ALL, ALL, ALL, ALL}, large[4] = {ALL, ALL, ALL | L, 0},
                          huge[4] = {ALL, ALL | L, 0, 0};
    struct walk_machine without = machine;

    for (unsigned bit = 30; bit < 52; bit++) {
        set_path(small);
        *leaf |= 1UL << bit;
        ck_assert_int_eq(walk_tables(&machine, TABLE(4), VA, PV_PF_W).fault, bit >= machine.pa_bits);
    }
    for (unsigned bit = 12; bit < 21; bit++) {
        struct walk walk;

        set_path(large);
        *middle |= 1UL << bit;
        walk = walk_tables(&machine, TABLE(4), VA, PV_PF_W);
        ck_assert_int_eq(walk.fault, bit != 12);
        ck_assert_uint_eq(walk.error, bit != 12 ? PV_PF_P | PV_PF_R | PV_PF_W : 0);
    }
    set_path(huge);
    without.page_1g = false;
    ck_assert(!walk_tables(&machine, TABLE(4), VA, 0).fault);
    ck_assert_uint_eq(walk_tables(&without, TABLE(4), VA, 0).error, PV_PF_P | PV_PF_R);
    /* Not looked at in an entry that is not present. */
    set_path(small);
    *leaf = (1UL << 51 | ALL) & ~P;
    ck_assert_uint_eq(walk_tables(&machine, TABLE(4), VA, 0).error, 0);
}
END_TEST

START_TEST(walk_kernel_fetch_of_user_page_is_undefined)
{
    static const uint64_t user[4] = {ALL, ALL, ALL, P | U}, kernel[4] = {ALL, ALL, P, P | U};

    set_path(user);
    ck_assert(walk_tables(&machine, TABLE(4), VA, PV_PF_I).undefined);
    ck_assert(!walk_tables(&machine, TABLE(4), VA, PV_PF_I | PV_PF_U).undefined);
    ck_assert(!walk_tables(&machine, TABLE(4), VA, 0).undefined);
    set_path(kernel);
    ck_assert(!walk_tables(&machine, TABLE(4), VA, PV_PF_I).undefined);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("walk");

    tcase_add_loop_test(tests, walk_rights, 0, sizeof rights_cases / sizeof rights_cases[0]);
    tcase_add_test(tests, walk_translates);
    tcase_add_test(tests, walk_stops_where_not_present);
    tcase_add_test(tests, walk_reserved_bits);
    tcase_add_test(tests, walk_kernel_fetch_of_user_page_is_undefined);
    return unit_run(tests);
}
