/* SPDX-License-Identifier: MIT */
/* host/text.c: sizes, times, numbers, and text that must not reach a terminal as it is. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "host/text.h"
#include "unit.h"

START_TEST(text_sizes)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"007", 7},
        {"4k", 4096},
        {"4K", 4096},
        {"128M", 128ull << 20},
        {"3g", 3ull << 30},
        {"2T", 2ull << 40},
        {"18446744073709551615", UINT64_MAX},
        {"16777215T", 16777215ull << 40},
    };
    static const char *const bad[] = {
        "",         "K",   "-1",  "+1",  " 1",   "1 ",    "1KB",
        "1B",       "1KK", "0x1", "1e3", "1.5G", "1\xcb", "18446744073709551616",
        "16777216T"};
    uint64_t bytes;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(text_parse_size(good[i].text, &bytes), "%s", good[i].text);
        ck_assert_uint_eq(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!text_parse_size(bad[i], &bytes), "%s", bad[i]);
}
END_TEST

START_TEST(text_seconds)
{
    static const char *const bad[] = {"",     ".",  ".5",         "-1",  "1e3",  "1,5",
                                      "1.5s", " 1", "1000000001", "inf", "1.2.3"};
    uint64_t ns;

    ck_assert(text_parse_seconds("0", &ns) && ns == 0);
    ck_assert(text_parse_seconds("2", &ns) && ns == 2000000000);
    ck_assert(text_parse_seconds("0.25", &ns) && ns == 250000000);
    ck_assert(text_parse_seconds("1.", &ns) && ns == 1000000000);
    ck_assert(text_parse_seconds("0.0000000019", &ns) && ns == 1);
    ck_assert(text_parse_seconds("1000000000", &ns) && ns == 1000000000000000000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!text_parse_seconds(bad[i], &ns), "%s", bad[i]);
}
END_TEST

START_TEST(text_numbers)
{
    uint64_t value;

    ck_assert(text_parse_hex("fFfFffffFFFFffff", 16, &value) && value == UINT64_MAX);
    ck_assert(text_parse_hex("000000000000000000001", 21, &value) && value == 1);
    ck_assert(!text_parse_hex("10000000000000000", 17, &value));
    ck_assert(!text_parse_hex("", 0, &value));
    ck_assert(!text_parse_hex("g", 1, &value));
    ck_assert(text_parse_decimal("12ab", 2, &value) && value == 12);
    ck_assert(!text_parse_decimal("1a", 2, &value));
}
END_TEST

START_TEST(text_size_rounds_up)
{
    char text[32];

    ck_assert_str_eq(text_size(text, sizeof text, 0), "0 bytes");
    ck_assert_str_eq(text_size(text, sizeof text, 10239), "10239 bytes");
    ck_assert_str_eq(text_size(text, sizeof text, 10241), "11 KiB");
    ck_assert_str_eq(text_size(text, sizeof text, 128 << 20), "128 MiB");
    ck_assert_str_eq(text_size(text, sizeof text, (128 << 20) + 1), "129 MiB");
    ck_assert_str_eq(text_size(text, sizeof text, UINT64_MAX), "16777216 TiB");
}
END_TEST

START_TEST(text_escapes)
{
    char text[64];
    FILE *stream = fmemopen(text, sizeof text, "w");

    text_put_escaped(stream, "a\033[2J\n\0~\x7f\xc3\xa4", 11);
    fclose(stream);
    ck_assert_str_eq(text, "a\\x1b[2J\\x0a\\x00~\\x7f\\xc3\\xa4");
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("text");

    tcase_add_test(tests, text_sizes);
    tcase_add_test(tests, text_seconds);
    tcase_add_test(tests, text_numbers);
    tcase_add_test(tests, text_size_rounds_up);
    tcase_add_test(tests, text_escapes);
    return unit_run(tests);
}
