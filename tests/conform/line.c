/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: "A line in service (between its delivery and pv_irq_eoi()) or masked is not delivered; it
 * remembers instead, and delivers after the eoi or unmask", attach and detach, and errors. The handler notes
 * deliveries and leaves the eoi to the test, so that every state can be looked at.
 */
#include "conform.h"

static unsigned lines[2];
static volatile unsigned deliveries[2];
static bool end_service;

static bool note_line(struct pv_frame *frame)
{
    for (unsigned i = 0; i < 2; i++)
        if (frame->vector == PV_VECTOR_LINE(lines[i])) {
            deliveries[i] = deliveries[i] + 1;
            if (end_service)
                pv_irq_eoi(lines[i]);
            return true;
        }
    return false;
}

static void begin(void)
{
    deliveries[0] = deliveries[1] = 0;
    end_service = false;
    lines[0] = lines[1] = conform_line_attach();
    conform_expect_trap(note_line);
}

/* Let in what there is, more than once: what has to be held back must not come late either. */
static unsigned let_in(void)
{
    for (unsigned i = 0; i < 20; i++)
        pv_irq_window();
    return deliveries[0];
}

static void raise(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        CHECK_EQ(pv_irq_raise(lines[0]), 0);
}

static void line_starts_masked_and_empty(void)
{
    begin();
    CHECK_EQ(let_in(), 0);
    raise(1);
    CHECK_EQ(let_in(), 0);
    pv_irq_detach(lines[0]);
    CHECK_EQ(conform_line_attach_number(lines[0]), 0);
    pv_irq_unmask(lines[0]);
    CHECK_EQ(let_in(), 0);
}

static void line_unmasked_delivers_once(void)
{
    begin();
    pv_irq_unmask(lines[0]);
    CHECK_EQ(let_in(), 0);
    raise(1);
    CHECK_EQ(let_in(), 1);
    pv_irq_eoi(lines[0]);
    CHECK_EQ(let_in(), 1);
    raise(1);
    CHECK_EQ(let_in(), 2);
    pv_irq_eoi(lines[0]);
}

static void line_masked_remembers(void)
{
    begin();
    raise(1);
    CHECK_EQ(let_in(), 0);
    pv_irq_unmask(lines[0]);
    CHECK_EQ(let_in(), 1);
    pv_irq_eoi(lines[0]);
    CHECK_EQ(let_in(), 1);
}

/* "at least once after the last event": several events may become one delivery, and one is enough. */
static void line_masked_remembers_at_least_one_of_many(void)
{
    unsigned count;

    begin();
    end_service = true;
    raise(5);
    CHECK_EQ(let_in(), 0);
    pv_irq_unmask(lines[0]);
    count = let_in();
    CHECK(count >= 1 && count <= 5);
    CHECK_EQ(let_in(), count);
}

static void line_mask_holds_back(void)
{
    begin();
    end_service = true;
    pv_irq_unmask(lines[0]);
    for (unsigned i = 0; i < 50; i++) {
        pv_irq_mask(lines[0]);
        raise(1);
        CHECK_EQ(let_in(), i);
        pv_irq_unmask(lines[0]);
        CHECK_EQ(let_in(), i + 1);
    }
}

/* An event whose interrupt is on its way already is not delivered any more when the mask comes first. */
static void line_mask_takes_back_pending(void)
{
    begin();
    pv_irq_unmask(lines[0]);
    raise(1);
    pv_irq_mask(lines[0]);
    CHECK_EQ(let_in(), 0);
    pv_irq_unmask(lines[0]);
    CHECK_EQ(let_in(), 1);
    pv_irq_eoi(lines[0]);
    CHECK_EQ(let_in(), 1);
}

static void line_in_service_remembers(void)
{
    begin();
    pv_irq_unmask(lines[0]);
    raise(1);
    CHECK_EQ(let_in(), 1);
    raise(1);
    CHECK_EQ(let_in(), 1);
    pv_irq_eoi(lines[0]);
    CHECK_EQ(let_in(), 2);
    CHECK_EQ(let_in(), 2);
    pv_irq_eoi(lines[0]);
    CHECK_EQ(let_in(), 2);
}

static void line_eoi_delivers_even_from_afar(void)
{
    begin();
    pv_irq_unmask(lines[0]);
    for (unsigned i = 1; i <= 50; i++) {
        raise(1);
        CHECK_EQ(let_in(), i);
        pv_irq_eoi(lines[0]);
    }
}

/* Masked in service: both have to end before it is delivered, in either order. */
static void line_masked_in_service_needs_both(void)
{
    for (unsigned order = 0; order < 2; order++) {
        begin();
        pv_irq_unmask(lines[0]);
        raise(1);
        CHECK_EQ(let_in(), 1);
        pv_irq_mask(lines[0]);
        raise(1);
        CHECK_EQ(let_in(), 1);
        if (order)
            pv_irq_eoi(lines[0]);
        else
            pv_irq_unmask(lines[0]);
        CHECK_EQ(let_in(), 1);
        if (order)
            pv_irq_unmask(lines[0]);
        else
            pv_irq_eoi(lines[0]);
        CHECK_EQ(let_in(), 2);
        pv_irq_eoi(lines[0]);
        pv_irq_detach(lines[0]);
    }
}

static unsigned nesting;

/* Raises its own line again, and lets in what there is, before the eoi. */
static bool raise_in_handler(struct pv_frame *frame)
{
    unsigned seen;

    if (frame->vector != PV_VECTOR_LINE(lines[0]))
        return false;
    CHECK_EQ(nesting, 0);
    nesting++;
    seen = deliveries[0] = deliveries[0] + 1;
    if (seen < 5)
        raise(1);
    pv_irq_window();
    CHECK_EQ(deliveries[0], seen);
    nesting--;
    pv_irq_eoi(lines[0]);
    return true;
}

static void line_does_not_nest_in_itself(void)
{
    begin();
    nesting = 0;
    conform_expect_trap(raise_in_handler);
    pv_irq_unmask(lines[0]);
    raise(1);
    CHECK_EQ(let_in(), 5);
}

/* The other line comes while the first is in service, in both directions. */
static bool nest_other(struct pv_frame *frame)
{
    unsigned self = frame->vector == PV_VECTOR_LINE(lines[0]) ? 0 : 1;

    if (frame->vector != PV_VECTOR_LINE(lines[self]))
        return false;
    deliveries[self] = deliveries[self] + 1;
    if (nesting++ == 0) {
        CHECK_EQ(pv_irq_raise(lines[!self]), 0);
        pv_irq_window();
        CHECK_EQ(deliveries[!self], 1);
    }
    pv_irq_eoi(lines[self]);
    return true;
}

static void line_nests_in_another(void)
{
    unsigned first;

    begin();
    first = lines[0];
    lines[1] = conform_line_attach();
    for (unsigned i = 0; i < 2; i++) {
        nesting = 0;
        deliveries[0] = deliveries[1] = 0;
        conform_expect_trap(nest_other);
        pv_irq_unmask(lines[0]);
        pv_irq_unmask(lines[1]);
        raise(1);
        CHECK_EQ(let_in(), 1);
        CHECK_EQ(deliveries[1], 1);
        lines[0] = lines[1];
        lines[1] = first;
    }
}

static void line_events_of_two_lines_both_arrive(void)
{
    begin();
    end_service = true;
    lines[1] = conform_line_attach();
    pv_irq_unmask(lines[0]);
    pv_irq_unmask(lines[1]);
    for (unsigned i = 1; i <= 50; i++) {
        raise(1);
        CHECK_EQ(pv_irq_raise(lines[1]), 0);
        CHECK_EQ(let_in(), i);
        CHECK_EQ(deliveries[1], i);
    }
}

static void line_detach_forgets(void)
{
    begin();
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1)
            pv_irq_unmask(lines[0]);
        raise(2);
        pv_irq_detach(lines[0]);
        CHECK_EQ(let_in(), 0);
        CHECK_EQ(conform_line_attach_number(lines[0]), 0);
        pv_irq_unmask(lines[0]);
        CHECK_EQ(let_in(), 0);
    }
}

/* Detached in service: the next owner of the line starts with a line that is not. */
static void line_detach_ends_service(void)
{
    begin();
    pv_irq_unmask(lines[0]);
    raise(1);
    CHECK_EQ(let_in(), 1);
    pv_irq_detach(lines[0]);
    CHECK_EQ(conform_line_attach_number(lines[0]), 0);
    pv_irq_unmask(lines[0]);
    raise(1);
    CHECK_EQ(let_in(), 2);
    pv_irq_eoi(lines[0]);
}

static void line_attach_is_exclusive(void)
{
    begin();
    CHECK_EQ(pv_irq_attach(lines[0]), -PV_EBUSY);
    pv_irq_unmask(lines[0]);
    raise(1);
    CHECK_EQ(let_in(), 1);
    CHECK_EQ(pv_irq_attach(lines[0]), -PV_EBUSY);
    pv_irq_detach(lines[0]);
    CHECK_EQ(conform_line_attach_number(lines[0]), 0);
}

static void line_numbers_out_of_range_are_refused(void)
{
    static const unsigned numbers[] = {PV_IRQ_LINES, PV_IRQ_LINES + 1, 255, 256, 0x80000000, UINT32_MAX};

    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CHECK_EQ(pv_irq_attach(numbers[i]), -PV_EINVAL);
        CHECK_EQ(pv_irq_raise(numbers[i]), -PV_EINVAL);
    }
}

static void line_raise_needs_attach(void)
{
    begin();
    pv_irq_detach(lines[0]);
    CHECK_EQ(pv_irq_raise(lines[0]), -PV_EINVAL);
    CHECK_EQ(let_in(), 0);
}

/* Every number of the range can be asked for, and what was attached can be given up; nothing comes of it. */
static void line_every_number_attaches_or_says_why(void)
{
    begin();
    for (unsigned number = 0; number < PV_IRQ_LINES; number++) {
        int error = pv_irq_attach(number);

        if (number == lines[0]) {
            CHECK_EQ(error, -PV_EBUSY);
            continue;
        }
        CHECK(error == 0 || error == -PV_EINVAL || error == -PV_EBUSY);
        if (error == 0)
            pv_irq_detach(number);
    }
    CHECK_EQ(let_in(), 0);
}

const struct conform_test conform_line_tests[] = {
    CONFORM_TEST(line_starts_masked_and_empty),
    CONFORM_TEST(line_unmasked_delivers_once),
    CONFORM_TEST(line_masked_remembers),
    CONFORM_TEST(line_masked_remembers_at_least_one_of_many),
    CONFORM_TEST(line_mask_holds_back),
    CONFORM_TEST(line_mask_takes_back_pending),
    CONFORM_TEST(line_in_service_remembers),
    CONFORM_TEST(line_eoi_delivers_even_from_afar),
    CONFORM_TEST(line_masked_in_service_needs_both),
    CONFORM_TEST(line_does_not_nest_in_itself),
    CONFORM_TEST(line_nests_in_another),
    CONFORM_TEST(line_events_of_two_lines_both_arrive),
    CONFORM_TEST(line_detach_forgets),
    CONFORM_TEST(line_detach_ends_service),
    CONFORM_TEST(line_attach_is_exclusive),
    CONFORM_TEST(line_numbers_out_of_range_are_refused),
    CONFORM_TEST(line_raise_needs_attach),
    CONFORM_TEST(line_every_number_attaches_or_says_why),
    {0},
};
