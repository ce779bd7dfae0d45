/* SPDX-License-Identifier: MIT */
/* host/control.c and host/crash.c: lines that a guest sends about its end, and the report made of them. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "host/control.h"
#include "host/crash.h"
#include "unit.h"

static struct control control;

static void start(void)
{
    control_init(&control);
}

static void feed(const char *text)
{
    control_feed(&control, text, strlen(text));
}

static void feed_bytewise(const char *text)
{
    for (; *text != '\0'; text++)
        control_feed(&control, text, 1);
}

START_TEST(control_nothing_is_no_end)
{
    ck_assert_int_eq(control.outcome, CONTROL_NONE);
    feed("\n\n \nhello\nexit 3");
    ck_assert_int_eq(control.outcome, CONTROL_NONE); /* no newline yet */
    feed("\n");
    ck_assert_int_eq(control.outcome, CONTROL_EXIT);
    ck_assert_uint_eq(control.status, 3);
}
END_TEST

START_TEST(control_last_line_counts)
{
    feed("exit 3\nreboot\n");
    ck_assert_int_eq(control.outcome, CONTROL_REBOOT);
    feed("crash x\n");
    ck_assert_int_eq(control.outcome, CONTROL_CRASH);
    feed_bytewise("exit 255\n");
    ck_assert_int_eq(control.outcome, CONTROL_EXIT);
    ck_assert_uint_eq(control.status, 255);
    feed("exit 0\n");
    ck_assert_uint_eq(control.status, 0);
}
END_TEST

START_TEST(control_host_failure_has_a_message)
{
    feed("host no memory\n");
    ck_assert_int_eq(control.outcome, CONTROL_HOST);
    ck_assert_uint_eq(control.dump.message_length, 9);
    ck_assert_int_eq(memcmp(control.dump.message, "no memory", 9), 0);
}
END_TEST

START_TEST(control_malformed_lines_are_ignored)
{
    feed("exit 256\nexit -1\nexit\nexit \nexit  1\nexit 1 \n exit 1\nexit 1 2\nexit 0x1\nexit 1\r\nEXIT 1\n"
         "exit 99999999999999999999999\nreboot now\nrebooted\ncrashed\nreg rax 1\nframe 1\nend\nexitt 1\n"
         "exit 1\x01\n1 2 3 4 5 6 7 8 9\n");
    control_feed(&control, "exit 1\0\n", 8);
    ck_assert_int_eq(control.outcome, CONTROL_NONE);
    ck_assert_uint_eq(control.dump.regs + control.dump.frames, 0);
}
END_TEST

START_TEST(control_long_lines_are_dropped_whole)
{
    char line[3 * PV_CONTROL_LINE_MAX];

    memset(line, 'a', sizeof line);
    control_feed(&control, line, sizeof line);
    feed("exit 1\n"); /* the end of the long line */
    ck_assert_int_eq(control.outcome, CONTROL_NONE);
    feed("exit 2\n");
    ck_assert_int_eq(control.outcome, CONTROL_EXIT);
}
END_TEST

START_TEST(control_longest_line_is_taken)
{
    char line[PV_CONTROL_LINE_MAX];

    memset(line, 'm', sizeof line);
    memcpy(line, "crash ", 6);
    control_feed(&control, line, sizeof line);
    feed("\n");
    ck_assert_int_eq(control.outcome, CONTROL_CRASH);
    ck_assert_uint_eq(control.dump.message_length, PV_CONTROL_LINE_MAX - 6);
    start();
    control_feed(&control, line, sizeof line);
    feed("m\n");
    ck_assert_int_eq(control.outcome, CONTROL_NONE);
}
END_TEST

START_TEST(control_dump)
{
    feed("crash it broke: 100%\nreg rip ffffffff80101234\nreg r8 0\nframe 12ab\nframe ffffffffffffffff\n"
         "trace 1f tick 2 3\n");
    ck_assert(!control.dump.complete);
    feed("end\nreg rax 1\n"); /* behind the end: ignored */
    ck_assert(control.dump.complete);
    ck_assert_uint_eq(control.dump.regs, 2);
    ck_assert_str_eq(control.dump.reg[0].name, "rip");
    ck_assert_uint_eq(control.dump.reg[0].value, 0xffffffff80101234);
    ck_assert_uint_eq(control.dump.frames, 2);
    ck_assert_uint_eq(control.dump.frame[1], UINT64_MAX);
    ck_assert_uint_eq(control.dump.traces, 1);
    ck_assert_str_eq(control.dump.trace[0].name, "tick");
    ck_assert_uint_eq(control.dump.trace[0].time, 0x1f);
    ck_assert_uint_eq(control.dump.trace[0].b, 3);
    feed("crash again\n"); /* a new dump */
    ck_assert_uint_eq(control.dump.regs, 0);
    ck_assert(!control.dump.complete);
}
END_TEST

START_TEST(control_dump_of_nonsense)
{
    feed(
        "crash\nreg rax\nreg rax 1 2\nreg rax 0x1\nreg  1\nreg rax 11112222333344445\n"
        "reg 1234567890123456 1\nreg r\033x 1\nframe\nframe -1\nframe g\ntrace 1 a 2\ntrace 1 a 2 g\ntrace x a 2 3\ntrace 1  2 3\ntrace 1\n"
        "trace \ntrace\nend now\n");
    ck_assert_int_eq(control.outcome, CONTROL_CRASH);
    ck_assert_uint_eq(control.dump.message_length, 0);
    ck_assert_uint_eq(control.dump.regs + control.dump.frames + control.dump.traces, 0);
    ck_assert(!control.dump.complete);
    feed("reg 123456789012345 1\n"); /* the longest name */
    ck_assert_uint_eq(control.dump.regs, 1);
    feed("trace 1 two words 2 3\ntrace 1 a name that is much longer than what is kept of it 4 5\n");
    ck_assert_uint_eq(control.dump.traces, 2);
    ck_assert_str_eq(control.dump.trace[0].name, "two words");
    ck_assert_uint_eq(strlen(control.dump.trace[1].name), CONTROL_TRACE_NAME_MAX - 1);
    ck_assert_uint_eq(control.dump.trace[1].b, 5);
}
END_TEST

static void flood(void)
{
    char line[64];

    feed("crash flood\n");
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(line, sizeof line, "reg r%u %x\nframe %x\ntrace %x t%u 0 0\n", i, i, i, i, i);
        feed(line);
    }
}

START_TEST(control_floods_are_counted_not_kept)
{
    flood();
    ck_assert_uint_eq(control.dump.regs, 10000);
    ck_assert_uint_eq(control.dump.frames, 10000);
    ck_assert_uint_eq(control.dump.traces, 10000);
    ck_assert_str_eq(control.dump.reg[CONTROL_REGISTERS_MAX - 1].name, "r63");
    ck_assert_uint_eq(control.dump.frame[CONTROL_FRAMES_MAX - 1], CONTROL_FRAMES_MAX - 1);
    /* of trace events the newest are kept */
    ck_assert_uint_eq(control.dump.trace[9999 % CONTROL_TRACES_MAX].time, 9999);
    ck_assert_uint_eq(control.dump.trace[(9999 - 255) % CONTROL_TRACES_MAX].time, 9999 - 255);
}
END_TEST

static char report[65536];

static const char *print_report(const struct symbols *symbols)
{
    FILE *stream = fmemopen(report, sizeof report, "w");

    report[0] = '\0';
    crash_print(stream, &control.dump, symbols);
    fclose(stream);
    return report;
}

START_TEST(crash_report)
{
    static char names[] = "main\0outer";
    struct symbol table[] = {{0x1000, 0x10, 0}, {0x1010, 0x10, 5}};
    struct symbols symbols = {table, 2, names, 0x2000};
    static const char expected[] =
        "  rip 0000000000001004  rsp 0000000000000001  cr2 0000000000000002   r8 0000000000000003\n"
        "  r15 0000000000000004\n"
        "  backtrace:\n"
        "  #0  0x0000000000001004 main+0x4\n"
        "  #1  0x0000000000001020 outer+0x10\n"
        "  #2  0x0000000000009999\n"
        "  trace events, oldest first:\n"
        "           1.000000002  tick  a b\n";

    feed("crash x\nreg rip 1004\nreg rsp 1\nreg cr2 2\nreg r8 3\nreg r15 4\nframe 1020\nframe 9999\n"
         "trace 3b9aca02 tick a b\nend\n");
    ck_assert_str_eq(print_report(&symbols), expected);
}
END_TEST

START_TEST(crash_report_with_rip_as_first_frame)
{
    struct symbols none = {NULL, 0, NULL, 0};

    feed("crash x\nreg rip 10\nframe 10\nframe 20\nend\n");
    ck_assert_ptr_eq(strstr(print_report(&none), "#2"), NULL);
    ck_assert_ptr_ne(strstr(report, "#1  0x0000000000000020\n"), NULL);
    start();
    feed("crash x\nend\n");
    ck_assert_str_eq(print_report(&none), "");
}
END_TEST

/* pv_power_crash as the last thing a function does: the return address is the next function's. */
START_TEST(crash_report_of_a_call)
{
    static char names[] = "main\0outer";
    struct symbol table[] = {{0x1000, 0x10, 0}, {0x1010, 0x10, 5}};
    struct symbols symbols = {table, 2, names, 0x2000};

    feed("crash x\nreg rip 1010\nreg rflags 0\nend\n");
    ck_assert_ptr_ne(strstr(print_report(&symbols), "#0  0x0000000000001010 main+0x10\n"), NULL);
    start();
    feed("crash x\nreg rip 1010\nreg rflags 46\nend\n");
    ck_assert_ptr_ne(strstr(print_report(&symbols), "#0  0x0000000000001010 outer+0x0\n"), NULL);
}
END_TEST

START_TEST(crash_report_of_a_flood)
{
    struct symbols none = {NULL, 0, NULL, 0};

    flood();
    print_report(&none);
    ck_assert_ptr_ne(strstr(report, "(9936 registers more)"), NULL);
    ck_assert_ptr_ne(strstr(report, "(9936 frames more)"), NULL);
    ck_assert_ptr_ne(strstr(report, "(9744 older ones dropped)"), NULL);
    ck_assert_ptr_ne(strstr(report, "  t9744  "), NULL);
    ck_assert_ptr_eq(strstr(report, "  t9743  "), NULL);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("control");

    tcase_add_checked_fixture(tests, start, NULL);
    tcase_add_test(tests, control_nothing_is_no_end);
    tcase_add_test(tests, control_last_line_counts);
    tcase_add_test(tests, control_host_failure_has_a_message);
    tcase_add_test(tests, control_malformed_lines_are_ignored);
    tcase_add_test(tests, control_long_lines_are_dropped_whole);
    tcase_add_test(tests, control_longest_line_is_taken);
    tcase_add_test(tests, control_dump);
    tcase_add_test(tests, control_dump_of_nonsense);
    tcase_add_test(tests, control_floods_are_counted_not_kept);
    tcase_add_test(tests, crash_report);
    tcase_add_test(tests, crash_report_with_rip_as_first_frame);
    tcase_add_test(tests, crash_report_of_a_call);
    tcase_add_test(tests, crash_report_of_a_flood);
    return unit_run(tests);
}
