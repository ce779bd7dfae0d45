/* SPDX-License-Identifier: MIT */
/* host/relay.c between pipes and socketpairs: order, back-pressure, keys, deadline, the last bytes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/relay.h"
#include "unit.h"

#define MS 1000000ull

static struct relay *relay;
static int in[2], out[2], guest[2]; /* [0] of in, [1] of out and [0] of guest are the relay's */

static void start(void)
{
    relay = calloc(1, sizeof *relay);
    ck_assert_int_eq(pipe(in) | pipe(out) | socketpair(AF_UNIX, SOCK_STREAM, 0, guest), 0);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(guest[1], F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
}

static void stop(void)
{
    relay_close(relay);
    free(relay);
}

static void open_relay(bool keys)
{
    relay_open(relay, in[0], out[1], keys);
    relay_attach(relay, guest[0], 0);
}

static int run_for(unsigned ms)
{
    return relay_run(relay, NULL, 0, relay_now() + ms * MS);
}

static void put(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *take(int fd)
{
    static char text[4096];
    ssize_t got = read(fd, text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

START_TEST(relay_both_ways_until_the_deadline)
{
    uint64_t before = relay_now();

    open_relay(false);
    put(in[1], "to the guest\001x");
    put(guest[1], "to the user");
    ck_assert_int_eq(run_for(30), RELAY_DEADLINE);
    ck_assert_uint_ge(relay_now() - before, 30 * MS);
    ck_assert_str_eq(take(guest[1]), "to the guest\001x"); /* no terminal, no commands */
    ck_assert_str_eq(take(out[0]), "to the user");
    ck_assert(relay_in_line(relay));
}
END_TEST

START_TEST(relay_keys)
{
    open_relay(true);
    put(in[1], "a\001\001b\001?c\001qd\003\032\001");
    ck_assert_int_eq(run_for(20), RELAY_DEADLINE);
    ck_assert_str_eq(take(guest[1]), "a\001bcd\003\032");
    put(in[1], "x");
    ck_assert_int_eq(run_for(1000), RELAY_LEAVE);
}
END_TEST

START_TEST(relay_keys_work_when_the_guest_does_not_read)
{
    char keys[2000];

    open_relay(true);
    memset(keys, 'k', sizeof keys);
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(write(in[1], keys, sizeof keys), (ssize_t)sizeof keys);
        ck_assert_int_eq(run_for(1), RELAY_DEADLINE);
    }
    put(in[1], "\001X");
    ck_assert_int_eq(run_for(1000), RELAY_LEAVE);
}
END_TEST

START_TEST(relay_a_pipe_waits_for_the_guest)
{
    char bytes[4096];
    size_t sent = 0, received = 0;
    ssize_t got;

    open_relay(false);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    memset(bytes, 'b', sizeof bytes);
    for (int idle = 0; idle < 5;) {
        got = write(in[1], bytes, sizeof bytes);
        if (got > 0)
            sent += (size_t)got;
        else
            idle++;
        run_for(2);
    }
    close(in[1]);
    for (int idle = 0; idle < 5;) {
        got = read(guest[1], bytes, sizeof bytes);
        if (got > 0)
            received += (size_t)got;
        else
            idle++;
        run_for(1);
    }
    ck_assert_uint_eq(sent, received);
    ck_assert_int_eq(relay->in, -1);
}
END_TEST

START_TEST(relay_input_waits_for_a_sign_of_life)
{
    relay_open(relay, in[0], out[1], false);
    relay_attach(relay, guest[0], 200 * MS);
    put(in[1], "early");
    ck_assert_int_eq(run_for(30), RELAY_DEADLINE);
    ck_assert_str_eq(take(guest[1]), "");
    put(guest[1], ">");
    ck_assert_int_eq(run_for(30), RELAY_DEADLINE);
    ck_assert_str_eq(take(guest[1]), "early");
    relay_attach(relay, guest[0], 50 * MS);
    put(in[1], "later");
    ck_assert_int_eq(run_for(100), RELAY_DEADLINE);
    ck_assert_str_eq(take(guest[1]), "later");
}
END_TEST

START_TEST(relay_full_output_stops_the_guest_and_nothing_is_lost)
{
    static char bytes[65536];
    size_t sent = 0, received = 0;
    ssize_t got;

    open_relay(false);
    memset(bytes, 'o', sizeof bytes);
    for (int idle = 0; idle < 5;) {
        got = write(guest[1], bytes, 1000);
        if (got > 0)
            sent += (size_t)got;
        else
            idle++;
        run_for(1);
    }
    ck_assert_uint_gt(sent, RELAY_TO_USER_MAX);
    close(guest[1]); /* the guest has ended; its last words wait */
    relay_drain(relay, guest[0]);
    ck_assert_int_eq(run_for(10), RELAY_DEADLINE);
    for (int end = RELAY_DEADLINE; end == RELAY_DEADLINE; end = run_for(1))
        while ((got = read(out[0], bytes, sizeof bytes)) > 0)
            received += (size_t)got;
    while ((got = read(out[0], bytes, sizeof bytes)) > 0)
        received += (size_t)got;
    ck_assert_uint_eq(sent, received);
}
END_TEST

START_TEST(relay_drain_of_a_guest_that_stands_still)
{
    open_relay(false);
    put(guest[1], "last words\n");
    relay_drain(relay, guest[0]);
    ck_assert_int_eq(run_for(1000), RELAY_DRAINED);
    ck_assert_str_eq(take(out[0]), "last words\n");
    ck_assert(!relay_in_line(relay));
    relay_resume(relay, guest[0]);
    put(guest[1], "more");
    ck_assert_int_eq(run_for(10), RELAY_DEADLINE);
    ck_assert_str_eq(take(out[0]), "more");
}
END_TEST

START_TEST(relay_reader_gone)
{
    open_relay(false);
    close(out[0]);
    put(guest[1], "x");
    ck_assert_int_eq(run_for(1000), RELAY_OUTPUT_ERROR);
    ck_assert_int_eq(relay->error, EPIPE);
}
END_TEST

START_TEST(relay_output_is_not_made_non_blocking_for_others)
{
    open_relay(false);
    ck_assert_int_eq(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(in[0], F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

static int on_ready(void *context, struct relay_watch *watch)
{
    (void)take(watch->fd);
    return *(int *)context;
}

START_TEST(relay_watches)
{
    int want = 42, more[2];
    struct relay_watch watch = {-1, on_ready, &want};

    open_relay(false);
    ck_assert_int_eq(relay_run(relay, &watch, 1, relay_now() + 10 * MS), RELAY_DEADLINE);
    ck_assert_int_eq(pipe(more), 0);
    watch.fd = more[0];
    put(more[1], "x");
    ck_assert_int_eq(relay_run(relay, &watch, 1, UINT64_MAX), 42);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("relay");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, relay_both_ways_until_the_deadline);
    tcase_add_test(tests, relay_keys);
    tcase_add_test(tests, relay_keys_work_when_the_guest_does_not_read);
    tcase_add_test(tests, relay_a_pipe_waits_for_the_guest);
    tcase_add_test(tests, relay_input_waits_for_a_sign_of_life);
    tcase_add_test(tests, relay_full_output_stops_the_guest_and_nothing_is_lost);
    tcase_add_test(tests, relay_drain_of_a_guest_that_stands_still);
    tcase_add_test(tests, relay_reader_gone);
    tcase_add_test(tests, relay_output_is_not_made_non_blocking_for_others);
    tcase_add_test(tests, relay_watches);
    return unit_run(tests);
}
