/* SPDX-License-Identifier: MIT */
/* tools/pvrun/qmp.c against what QEMU 7.2 has been seen to send. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tools/pvrun/qmp.h"
#include "unit.h"

#define GREETING "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22}}, \"capabilities\": [\"oob\"]}}\r\n"
#define SHUTDOWN(guest, reason)                                                                              \
    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\", "                       \
    "\"data\": {\"guest\": " guest ", \"reason\": \"" reason "\"}}\r\n"

static struct qmp qmp;
static struct control_dump dump;

static void start(void)
{
    qmp_init(&qmp);
    memset(&dump, 0, sizeof dump);
}

static void feed(const char *text)
{
    for (; *text != '\0'; text++)
        qmp_feed(&qmp, text, 1);
}

/* What is to be sent; taken. */
static const char *sent(void)
{
    static char text[sizeof qmp.out + 1];

    memcpy(text, qmp.out, qmp.out_length);
    text[qmp.out_length] = '\0';
    qmp.out_length = 0;
    return text;
}

START_TEST(qmp_starts_the_guest_when_the_machine_is_complete)
{
    feed(GREETING);
    ck_assert_str_eq(sent(), "{\"execute\":\"qmp_capabilities\",\"id\":\"ready\"}\n");
    ck_assert(!qmp.started);
    feed("{\"return\": {}, \"id\": \"ready\"}\r\n");
    ck_assert(qmp.started);
    ck_assert_str_eq(sent(), "{\"execute\":\"cont\"}\n");
    feed("{\"timestamp\": {}, \"event\": \"RESUME\"}\r\n{\"return\": {}}\r\n");
    ck_assert_str_eq(sent(), "");
    ck_assert(!qmp.stopped);
}
END_TEST

START_TEST(qmp_shutdowns)
{
    feed(SHUTDOWN("false", "host-signal"));
    ck_assert(!qmp.stopped);
    feed(SHUTDOWN("true", "guest-shutdown"));
    ck_assert(qmp.stopped && !qmp.reset);
    start();
    feed(SHUTDOWN("true", "guest-reset"));
    ck_assert(qmp.stopped && qmp.reset);
}
END_TEST

START_TEST(qmp_collects_registers_and_frames)
{
    qmp_ask_registers(&qmp, &dump);
    ck_assert_str_eq(sent(), "{\"execute\":\"stop\"}\n{\"execute\":\"human-monitor-command\",\"arguments\":{"
                             "\"command-line\":\"info registers\"},\"id\":\"registers\"}\n");
    feed("{\"return\": {}}\r\n{\"timestamp\": {}, \"event\": \"STOP\"}\r\n");
    feed("{\"return\": \"\\r\\nCPU#0\\r\\nRAX=0000000000005eed RBX=0000000000000001 RBP=0000000000001000 "
         "RSP=0000000000000ff0\\r\\nR8 =0000000000000008 R15=000000000000000f\\r\\nRIP=00000000001000da "
         "RFL=00000046 [---Z-P-]\\r\\nCS =0008 00000000 ffffffff 00af9a00\\r\\nCR0=80000011 "
         "CR2=00000000deadbeef CR3=0000000000103000 CR4=00000020\\r\\nEFER=0000000000000500\\r\\n\", \"id\": "
         "\"registers\"}\r\n");
    ck_assert(!qmp.answered);
    ck_assert_str_eq(dump.reg[0].name, "rip");
    ck_assert_uint_eq(dump.reg[0].value, 0x1000da);
    ck_assert_str_eq(dump.reg[dump.regs - 1].name, "efer");
    ck_assert_uint_eq(dump.regs, 14);
    ck_assert_ptr_ne(strstr(sent(), "x /2gx 0x1000\""), NULL);
    feed(
        "{\"return\": \"0000000000001000: 0x0000000000002000 0xffffffff80101234\\r\\n\", "
        "\"id\": \"frame\"}\r\n");
    ck_assert_uint_eq(dump.frames, 1);
    ck_assert_uint_eq(dump.frame[0], 0xffffffff80101234);
    ck_assert_ptr_ne(strstr(sent(), "x /2gx 0x2000\""), NULL);
    feed("{\"return\": \"Cannot access memory\\r\\n\", \"id\": \"frame\"}\r\n");
    ck_assert(qmp.answered);
    ck_assert_uint_eq(dump.frames, 1);
}
END_TEST

START_TEST(qmp_frames_must_go_up_and_end)
{
    char line[200];

    qmp_ask_registers(&qmp, &dump);
    feed("{\"return\": \"\\r\\nRBP=0000000000001000\", \"id\": \"registers\"}\r\n");
    feed("{\"return\": \"1000: 0x0000000000000ff0 0x0000000000000001\\r\\n\", \"id\": \"frame\"}\r\n");
    ck_assert(qmp.answered);
    start();
    qmp_ask_registers(&qmp, &dump);
    feed("{\"return\": \"\\r\\nRBP=0000000000001000\", \"id\": \"registers\"}\r\n");
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(line, sizeof line,
                 "{\"return\": \"1000: 0x%016x 0x0000000000000001\\r\\n\", \"id\": \"frame\"}\r\n",
                 0x1000 + (i + 1) * 16);
        feed(line);
        sent();
    }
    ck_assert(qmp.answered);
    ck_assert_uint_eq(dump.frames, 32);
}
END_TEST

START_TEST(qmp_registers_outside_of_long_mode)
{
    qmp_ask_registers(&qmp, &dump);
    feed(
        "{\"return\": \"\\r\\nEAX=2badb000 EBP=00001000\\r\\nEIP=00100065 EFL=00000046\", "
        "\"id\": \"registers\"}\r\n");
    ck_assert(qmp.answered); /* no walk over a 32-bit stack */
    ck_assert_uint_eq(dump.regs, 4);
    ck_assert_uint_eq(dump.reg[0].value, 0x100065);
}
END_TEST

START_TEST(qmp_nonsense_is_survived)
{
    static char line[QMP_LINE_MAX + 100];

    memset(line, '{', sizeof line);
    qmp_feed(&qmp, line, sizeof line);
    feed("\n" GREETING);
    ck_assert_ptr_ne(strstr(sent(), "qmp_capabilities"), NULL);
    feed("\r\n\n\"id\": \"registers\"\n\"id\": \"frame\"\n{\"return\": \"\\\n");
    qmp_ask_registers(&qmp, &dump);
    feed("RBP= \"id\": \"registers\"\n");
    ck_assert(qmp.answered);
    ck_assert_uint_eq(dump.regs, 0);
    for (int i = 0; i < 100; i++)
        feed(GREETING); /* nothing takes what is to be sent */
    ck_assert_uint_le(qmp.out_length, sizeof qmp.out);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("qmp");

    tcase_add_checked_fixture(tests, start, NULL);
    tcase_add_test(tests, qmp_starts_the_guest_when_the_machine_is_complete);
    tcase_add_test(tests, qmp_shutdowns);
    tcase_add_test(tests, qmp_collects_registers_and_frames);
    tcase_add_test(tests, qmp_frames_must_go_up_and_end);
    tcase_add_test(tests, qmp_registers_outside_of_long_mode);
    tcase_add_test(tests, qmp_nonsense_is_survived);
    return unit_run(tests);
}
