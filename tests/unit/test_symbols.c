/* SPDX-License-Identifier: MIT */
/* host/symbols.c: names of addresses, from sound and from damaged symbol tables. */
#include "elf-file.h"
#include "host/symbols.h"
#include "unit.h"

static const char *lookup(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    const char *name = symbols_find(symbols, address, offset);

    return name != NULL ? name : "(none)";
}

START_TEST(symbols_are_found)
{
    uint64_t text = BASE + AT(text), offset = 0;
    struct symbols symbols;

    ck_assert_int_eq(parse(), ELF_OK);
    symbols_load(&symbols, &image);
    memset(&file, 0xff, sizeof file); /* it is a copy */
    ck_assert_uint_eq(symbols.count, 4);
    ck_assert_str_eq(lookup(&symbols, text, &offset), "first");
    ck_assert_uint_eq(offset, 0);
    ck_assert_str_eq(lookup(&symbols, text + 15, &offset), "first");
    ck_assert_uint_eq(offset, 15);
    ck_assert_str_eq(lookup(&symbols, text + 16, &offset), "(none)");
    ck_assert_str_eq(lookup(&symbols, text + 45, &offset), "label");
    ck_assert_uint_eq(offset, 13);
    ck_assert_str_eq(lookup(&symbols, text + 48, &offset), "big");
    ck_assert_str_eq(lookup(&symbols, text - 1, &offset), "(none)");
    ck_assert_str_eq(lookup(&symbols, 0, &offset), "(none)");
    ck_assert_str_eq(lookup(&symbols, UINT64_MAX, &offset), "(none)");
    symbols_free(&symbols);
    ck_assert_str_eq(lookup(&symbols, text, &offset), "(none)");
}
END_TEST

static size_t count_symbols(void)
{
    struct symbols symbols;
    size_t count;

    ck_assert_int_eq(parse(), ELF_OK);
    symbols_load(&symbols, &image);
    count = symbols.count;
    symbols_free(&symbols);
    return count;
}

START_TEST(symbols_damaged_table_is_none)
{
    ck_assert_uint_eq(count_symbols(), 4);
    file.symbol[0].st_name = sizeof file.names;
    file.symbol[1].st_name = UINT32_MAX;
    file.symbol[4].st_value = 12;
    file.symbol[5].st_shndx = SHN_UNDEF;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.names[sizeof file.names - 1] = 'x'; /* not terminated */
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[1].sh_entsize = 0;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[1].sh_size = UINT64_MAX;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[1].sh_link = 3;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[2].sh_size = 0;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[2].sh_type = SHT_NOBITS;
    file.section[2].sh_offset = UINT64_MAX;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.section[1].sh_link = 1;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.header.e_shoff = UINT64_MAX - 8;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.header.e_shnum = 0xffff;
    ck_assert_uint_eq(count_symbols(), 0);
    make_file();
    file.header.e_shentsize = 1;
    ck_assert_uint_eq(count_symbols(), 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("symbols");

    tcase_add_checked_fixture(tests, make_file, NULL);
    tcase_add_test(tests, symbols_are_found);
    tcase_add_test(tests, symbols_damaged_table_is_none);
    return unit_run(tests);
}
