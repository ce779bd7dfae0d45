/* SPDX-License-Identifier: MIT */
/* sample-kernel/line.c: what keys do to a line, and what is echoed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sample-kernel/line.h"
#include "unit.h"

static struct line line;
static char echoed[4 * LINE_SIZE];
static size_t echoed_size;

static void echo(const char *text, size_t size)
{
    ck_assert_uint_lt(echoed_size + size, sizeof echoed);
    memcpy(echoed + echoed_size, text, size);
    echoed_size += size;
    echoed[echoed_size] = '\0';
}

static void set_up(void)
{
    memset(&line, 0, sizeof line);
    line.echo = echo;
    echoed_size = 0;
    echoed[0] = '\0';
}

/* Type keys; all but the last one must leave the line going on. */
static enum line_event type(const char *keys)
{
    enum line_event event = LINE_GOES_ON;

    for (; *keys != '\0'; keys++) {
        ck_assert_int_eq(event, LINE_GOES_ON);
        event = line_input(&line, *keys);
        ck_assert_uint_le(line.size, LINE_SIZE);
    }
    return event;
}

/* These keys and Enter give this line. */
static void expect(const char *keys, const char *text)
{
    line_reset(&line);
    ck_assert_int_eq(type(keys), LINE_GOES_ON);
    ck_assert_int_eq(line_input(&line, '\r'), LINE_READY);
    ck_assert_uint_eq(line.size, strlen(text) + 1);
    ck_assert_mem_eq(line.text, text, line.size - 1);
    ck_assert_int_eq(line.text[line.size - 1], '\n');
}

START_TEST(text_is_echoed_and_kept)
{
    expect("hello, world", "hello, world");
    ck_assert_str_eq(echoed, "hello, world\n");
    expect("", "");
}
END_TEST

START_TEST(newline_ends_a_line_too)
{
    ck_assert_int_eq(type("a\n"), LINE_READY);
    ck_assert_uint_eq(line.size, 2);
}
END_TEST

START_TEST(backspace_takes_one)
{
    expect("abc\b", "ab");
    ck_assert_str_eq(echoed, "abc\b \b\n");
    expect("abc\177\177d", "ad");
    expect("\b\177x\b\b\b", "");
}
END_TEST

START_TEST(backspace_at_the_start_shows_nothing)
{
    type("\b\025\027");
    ck_assert_str_eq(echoed, "");
}
END_TEST

START_TEST(backspace_takes_a_whole_character)
{
    expect("a\303\244\b", "a");            /* two bytes */
    expect("\342\202\254\b", "");          /* three */
    expect("\360\237\230\200x\b\b.", "."); /* four */
    expect("\200\200\b", "");              /* no character at all */
}
END_TEST

START_TEST(control_u_takes_the_line)
{
    expect("some words\025x", "x");
    ck_assert_uint_eq(echoed_size, 10 + 10 * 3 + 2);
}
END_TEST

START_TEST(control_w_takes_a_word)
{
    expect("one two\027", "one ");
    expect("one two  \027", "one ");
    expect("one two\027\027", "");
    expect("   \027", "");
    expect("one\027\027\027x", "x");
}
END_TEST

START_TEST(control_c_drops_the_line)
{
    ck_assert_int_eq(type("abc\003"), LINE_READY);
    ck_assert_uint_eq(line.size, 1);
    ck_assert_int_eq(line.text[0], '\n');
    ck_assert_str_eq(echoed, "abc^C\n");
}
END_TEST

START_TEST(control_d_ends_file_or_line)
{
    ck_assert_int_eq(type("\004"), LINE_END);
    ck_assert_uint_eq(line.size, 0);
    line_reset(&line);
    ck_assert_int_eq(type("abc\004"), LINE_READY);
    ck_assert_uint_eq(line.size, 3);
    line_reset(&line);
    ck_assert_int_eq(type("a\b\004"), LINE_END);
}
END_TEST

START_TEST(special_keys_are_swallowed)
{
    expect("a\033[Ab\033[1;5Cc\033OPd\033[3~e", "abcde");
    expect("a\033xb", "ab");
    ck_assert_ptr_null(strchr(echoed, '\033'));
}
END_TEST

START_TEST(other_control_characters_are_swallowed)
{
    expect("a\001\002\006\013\014b", "ab");
    expect("a\tb", "a b");
}
END_TEST

START_TEST(a_full_line_rings_and_can_be_ended)
{
    for (int i = 0; i < LINE_SIZE + 50; i++)
        ck_assert_int_eq(line_input(&line, 'x'), LINE_GOES_ON);
    ck_assert_uint_eq(line.size, LINE_SIZE - 1);
    ck_assert_int_eq(echoed[LINE_SIZE], '\a');
    ck_assert_int_eq(line_input(&line, '\b'), LINE_GOES_ON);
    ck_assert_int_eq(line_input(&line, 'y'), LINE_GOES_ON);
    ck_assert_int_eq(line_input(&line, '\r'), LINE_READY);
    ck_assert_uint_eq(line.size, LINE_SIZE);
    ck_assert_int_eq(line.text[LINE_SIZE - 2], 'y');
}
END_TEST

START_TEST(any_bytes_are_survived)
{
    unsigned state = 1;

    for (int i = 0; i < 200000; i++) {
        state = state * 1103515245 + 12345;
        echoed_size = 0;
        if (line_input(&line, (char)(state >> 16)) != LINE_GOES_ON) {
            ck_assert_uint_le(line.size, LINE_SIZE);
            line_reset(&line);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("line");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, text_is_echoed_and_kept);
    tcase_add_test(tests, newline_ends_a_line_too);
    tcase_add_test(tests, backspace_takes_one);
    tcase_add_test(tests, backspace_at_the_start_shows_nothing);
    tcase_add_test(tests, backspace_takes_a_whole_character);
    tcase_add_test(tests, control_u_takes_the_line);
    tcase_add_test(tests, control_w_takes_a_word);
    tcase_add_test(tests, control_c_drops_the_line);
    tcase_add_test(tests, control_d_ends_file_or_line);
    tcase_add_test(tests, special_keys_are_swallowed);
    tcase_add_test(tests, other_control_characters_are_swallowed);
    tcase_add_test(tests, a_full_line_rings_and_can_be_ended);
    tcase_add_test(tests, any_bytes_are_survived);
    return unit_run(tests);
}
