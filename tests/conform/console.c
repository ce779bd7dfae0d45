/* SPDX-License-Identifier: MIT */
/*
 * The console: "Read and write never wait: they move what fits and say how much that was. When a write took
 * less than it was offered, the console's line is raised." What the tests write are TAP comments, whole and
 * in order: a byte that is lost or doubled changes the transcript. Input is tested by conform.mode=echo.
 */
#include "conform.h"

static volatile unsigned interrupts;

static bool on_console(struct pv_frame *frame)
{
    int line = pv_console_line();

    if (conform_count_timer(frame))
        return true;
    if (line < 0 || frame->vector != PV_VECTOR_LINE((unsigned)line))
        return false;
    interrupts = interrupts + 1;
    pv_console_events();
    pv_irq_eoi((unsigned)line);
    return true;
}

static const char text[] =
    "# console: the quick brown fox jumps over the lazy dog, THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123\n"
    "# console: !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~ and again: the quick brown fox jumps over the lazy dog 456789\n";

static void console_write_of_nothing_takes_nothing(void)
{
    CHECK_EQ(pv_console_write(text, 0), 0);
    pv_console_write_all(text, 0);
}

/* By the blocking helper, byte by byte and at once. */
static void console_write_all_takes_all(void)
{
    for (size_t i = 0; i < sizeof text - 1; i++)
        pv_console_write_all(text + i, 1);
    pv_console_write_all(text, sizeof text - 1);
}

static void console_write_takes_what_fits(void)
{
    for (size_t done = 0; done < sizeof text - 1;) {
        size_t taken = pv_console_write(text + done, sizeof text - 1 - done);

        REQUIRE(taken <= sizeof text - 1 - done);
        done += taken;
    }
}

/* A write that did not take all is followed by the line's interrupt; the timer is there to tell if it is not. */
static void console_line_tells_of_room(void)
{
    int line = pv_console_line();

    if (line < 0)
        conform_skip("the console has no line");
    conform_expect_trap(on_console);
    REQUIRE(conform_line_attach_number((unsigned)line) == 0);
    pv_irq_unmask((unsigned)line);
    for (unsigned i = 0; i < 4; i++)
        for (size_t done = 0; done < sizeof text - 1;) {
            done += pv_console_write(text + done, sizeof text - 1 - done);
            if (done == sizeof text - 1)
                break;
            interrupts = 0;
            pv_time_oneshot(pv_time_now() + 2 * PV_NS_PER_S);
            while (interrupts == 0 && conform_timer_count == 0) {
                pv_cpu_idle();
                pv_irq_disable();
            }
            REQUIRE(interrupts != 0);
        }
}

static void console_flush_returns_with_room(void)
{
    pv_console_write_all(text, sizeof text - 1);
    pv_console_flush();
    CHECK(pv_console_events() & PV_CONSOLE_OUTPUT);
}

static void console_read_without_input_gives_0(void)
{
    char buffer[16];

    if (pv_console_events() & PV_CONSOLE_INPUT)
        conform_skip("somebody is typing");
    CHECK_EQ(pv_console_read(buffer, sizeof buffer), 0);
    CHECK_EQ(pv_console_read(buffer, 0), 0);
    CHECK(!(pv_console_events() & PV_CONSOLE_INPUT));
}

static void console_line_is_a_line(void)
{
    int line = pv_console_line();

    CHECK(line == -PV_ENODEV || (line >= 0 && line < PV_IRQ_LINES));
    CHECK_EQ(pv_console_line(), line);
}

const struct conform_test conform_console_tests[] = {
    CONFORM_TEST(console_line_is_a_line),
    CONFORM_TEST(console_write_of_nothing_takes_nothing),
    CONFORM_TEST(console_write_all_takes_all),
    CONFORM_TEST(console_write_takes_what_fits),
    CONFORM_TEST(console_line_tells_of_room),
    CONFORM_TEST(console_flush_returns_with_room),
    CONFORM_TEST(console_read_without_input_gives_0),
    {0},
};
