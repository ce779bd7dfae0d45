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
    "# console: the quick brown fox jumps over 0123456789 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~ LAZY DOGS\n";

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

/* A write that did not take all is followed by the line's interrupt; the timer tells if it is not. */
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

/*
 * A real event for tests of lines: a write that is not taken whole, and then time for what was taken to
 * leave. Gives how much of the text was taken; all of it means that this console never says no.
 */
static size_t provoke_event(void)
{
    size_t taken = pv_console_write(text, sizeof text - 1);

    pv_console_flush();
    return taken;
}

static void let_in(unsigned expected)
{
    uint64_t limit = pv_time_now() + 2 * PV_NS_PER_S;

    for (unsigned i = 0; i < 50; i++)
        pv_irq_window();
    while (interrupts < expected && pv_time_now() < limit)
        pv_irq_window();
    CHECK_EQ(interrupts, expected);
}

static unsigned attach_console(conform_handler_t *handler)
{
    int line = pv_console_line();

    if (line < 0)
        conform_skip("the console has no line");
    interrupts = 0;
    conform_expect_trap(handler);
    REQUIRE(conform_line_attach_number((unsigned)line) == 0);
    return (unsigned)line;
}

/* "A masked line remembers", of a device this time: the event comes while nobody may be told. */
static void console_event_while_masked_is_remembered(void)
{
    unsigned line = attach_console(on_console);

    for (unsigned i = 0; i < 3; i++) {
        size_t taken = provoke_event();

        let_in(i);
        pv_irq_unmask(line);
        if (taken == sizeof text - 1)
            return;
        let_in(i + 1);
        pv_irq_mask(line);
        pv_console_write_all(text + taken, sizeof text - 1 - taken);
        pv_console_flush();
    }
}

static bool leave_in_service(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_LINE((unsigned)pv_console_line()))
        return false;
    interrupts = interrupts + 1;
    pv_console_events();
    return true;
}

/* The same for a line in service: the handler has looked at the device, the eoi is still to come. */
static void console_event_in_service_is_remembered(void)
{
    unsigned line = attach_console(leave_in_service);

    pv_irq_unmask(line);
    for (unsigned i = 0; i < 3; i++) {
        size_t taken = provoke_event();

        if (taken == sizeof text - 1)
            return;
        let_in(i == 0);
        if (i > 0) {
            interrupts = 0;
            pv_irq_eoi(line);
            let_in(1);
        }
        pv_console_write_all(text + taken, sizeof text - 1 - taken);
        pv_console_flush();
        interrupts = 0;
    }
    pv_irq_eoi(line);
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
    CONFORM_TEST(console_event_while_masked_is_remembered),
    CONFORM_TEST(console_event_in_service_is_remembered),
    CONFORM_TEST(console_flush_returns_with_room),
    CONFORM_TEST(console_read_without_input_gives_0),
    {0},
};
