/* SPDX-License-Identifier: MIT */
/* Unit tests of the pure parts of lib/: options of the command line, formatting. */
#include <check.h>
#include <string.h>

#include "lib/lib.h"

static int option(const char *cmdline, const char *name, char *value, size_t size)
{
    struct pv_boot_info info;

    memset(&info, 0, sizeof info);
    info.cmdline = cmdline;
    return pv_boot_option(&info, name, value, size);
}

START_TEST(option_value_is_found)
{
    char value[16];

    ck_assert_int_eq(option("a=1 name=hello b", "name", value, sizeof value), 5);
    ck_assert_str_eq(value, "hello");
    ck_assert_int_eq(option("name=x", "name", value, sizeof value), 1);
    ck_assert_int_eq(option("  \t name=x", "name", value, sizeof value), 1);
}
END_TEST

START_TEST(option_without_value_is_empty)
{
    char value[4] = "zzz";

    ck_assert_int_eq(option("quiet", "quiet", value, sizeof value), 0);
    ck_assert_str_eq(value, "");
    ck_assert_int_eq(option("quiet= x", "quiet", value, sizeof value), 0);
}
END_TEST

START_TEST(option_missing_is_enoent)
{
    char value[4];

    ck_assert_int_eq(option("", "a", value, sizeof value), -PV_ENOENT);
    ck_assert_int_eq(option("ab=1 xa=2", "a", value, sizeof value), -PV_ENOENT);
    ck_assert_int_eq(option("b=\"x a=1\"", "a", value, sizeof value), -PV_ENOENT);
}
END_TEST

START_TEST(option_quotes_hold_blanks)
{
    char value[16];

    ck_assert_int_eq(option("m=\"two words\" b", "m", value, sizeof value), 9);
    ck_assert_str_eq(value, "two words");
    ck_assert_int_eq(option("m=\"open end", "m", value, sizeof value), 8);
}
END_TEST

START_TEST(option_too_long_is_cut)
{
    char value[4];

    ck_assert_int_eq(option("n=abcdef", "n", value, sizeof value), 6);
    ck_assert_str_eq(value, "abc");
    ck_assert_int_eq(option("n=abcdef", "n", NULL, 0), 6);
}
END_TEST

START_TEST(format_converts)
{
    char text[64];

    lib_format(text, sizeof text, "%s %d %u %x %lx %016lx %c%%", "a", -5, 7u, 0xabu, 0x1234567890UL, 0xfUL, 'z');
    ck_assert_str_eq(text, "a -5 7 ab 1234567890 000000000000000f z%");
    lib_format(text, sizeof text, "%ld", INT64_MIN);
    ck_assert_str_eq(text, "-9223372036854775808");
}
END_TEST

START_TEST(format_cuts_and_terminates)
{
    char text[4] = "zzz";

    ck_assert_uint_eq(lib_format(text, sizeof text, "%s", "abcdef"), 3);
    ck_assert_str_eq(text, "abc");
    ck_assert_uint_eq(lib_format(text, 1, "x"), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lib");
    TCase *tests = tcase_create("lib");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, option_value_is_found);
    tcase_add_test(tests, option_without_value_is_empty);
    tcase_add_test(tests, option_missing_is_enoent);
    tcase_add_test(tests, option_quotes_hold_blanks);
    tcase_add_test(tests, option_too_long_is_cut);
    tcase_add_test(tests, format_converts);
    tcase_add_test(tests, format_cuts_and_terminates);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
