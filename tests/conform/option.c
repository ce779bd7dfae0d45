/* SPDX-License-Identifier: MIT */
/*
 * pv_boot_option(): "Words are separated by blanks; a word is NAME or NAME=VALUE, and VALUE may be written
 * "in quotes" to hold blanks", and its buffer rules.
 */
#include "conform.h"

static struct pv_boot_info fake;
static char value[16];

static int option(const char *cmdline, const char *name)
{
    fake = *conform_info;
    fake.cmdline = cmdline;
    __builtin_memset(value, '#', sizeof value);
    return pv_boot_option(&fake, name, value, sizeof value);
}

static void expect(const char *cmdline, const char *name, const char *expected)
{
    CHECK_EQ(option(cmdline, name), __builtin_strlen(expected));
    if (!CHECK(conform_equal(value, expected)))
        conform_note(cmdline);
}

static void expect_none(const char *cmdline, const char *name)
{
    if (!CHECK_EQ(option(cmdline, name), -PV_ENOENT))
        conform_note(cmdline);
}

static void boot_option_value_is_found(void)
{
    expect("a=1", "a", "1");
    expect("a=1 b=22 c=333", "b", "22");
    expect("a=1 b=22 c=333", "c", "333");
    expect("   a=1    b=2  ", "b", "2");
    expect("a.b-c=x/y", "a.b-c", "x/y");
    expect("a=b=c", "a", "b=c");
}

static void boot_option_bare_name_has_length_0(void)
{
    expect("a", "a", "");
    expect("x a y", "a", "");
    expect("x y a", "a", "");
    expect("a=", "a", "");
    expect("a= b=2", "a", "");
}

static void boot_option_name_matches_whole_word(void)
{
    expect("ab=1 a=2", "a", "2");
    expect("ba=1 a=2", "a", "2");
    expect_none("ab=1", "a");
    expect_none("ba=1", "a");
    expect_none("a.b", "a");
    expect_none("x=a", "a");
    expect_none("", "a");
    expect_none("   ", "a");
}

static void boot_option_quotes_hold_blanks(void)
{
    expect("a=\"1 2\" b=3", "a", "1 2");
    expect("a=\"1 2\" b=3", "b", "3");
    expect("a=\"\" b=3", "a", "");
    expect("a=\"b=1 c=2\" b=3", "b", "3");
    expect_none("a=\"b=1 c=2\"", "c");
    expect_none("a=\"x b\" d", "b");
}

static void boot_option_value_is_cut_to_buffer(void)
{
    CHECK_EQ(option("a=0123456789abcdefghij", "a"), 20);
    CHECK(conform_equal(value, "0123456789abcde"));
    CHECK_EQ(option("a=0123456789abcdef", "a"), 16);
    CHECK(conform_equal(value, "0123456789abcde"));
    CHECK_EQ(option("a=0123456789abcde", "a"), 15);
    CHECK(conform_equal(value, "0123456789abcde"));
    __builtin_memset(value, '#', sizeof value);
    CHECK_EQ(pv_boot_option(&fake, "a", value, 1), 15);
    CHECK_EQ(value[0], 0);
    CHECK_EQ(value[1], '#');
    value[0] = '#';
    CHECK_EQ(pv_boot_option(&fake, "a", value, 0), 15);
    CHECK_EQ(value[0], '#');
}

const struct conform_test conform_option_tests[] = {
    CONFORM_TEST(boot_option_value_is_found),          CONFORM_TEST(boot_option_bare_name_has_length_0),
    CONFORM_TEST(boot_option_name_matches_whole_word), CONFORM_TEST(boot_option_quotes_hold_blanks),
    CONFORM_TEST(boot_option_value_is_cut_to_buffer),  {0},
};
