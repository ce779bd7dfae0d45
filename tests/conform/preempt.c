/* SPDX-License-Identifier: MIT */
/*
 * Timer interrupts at every instruction of code that checks its registers all the time, in user and kernel
 * mode: the frame of each has to hold the registers, and the code must not notice ("an interrupt clobbers
 * none"). Periods are the shortest that there are.
 */
#include "code.h"

static struct conform_user user;
static const char *loop_begin, *loop_end;
static uint64_t wanted, first_rip;
static bool moved, calls;
static struct pv_frame kept;

/* In the loop all registers have their values; before it some of them do not yet. */
static void check_frame(const struct pv_frame *frame)
{
    uint64_t begin = (uint64_t)loop_begin, end = (uint64_t)loop_end;
    struct pv_frame expected = *frame;

    if (pv_frame_from_user(frame)) {
        begin = conform_user_va(&user, loop_begin);
        end = conform_user_va(&user, loop_end);
        CHECK_EQ((uint64_t)(conform_entry.frame + 1), (uint64_t)conform_trap_stack_top());
    }
    CHECK(frame->rflags & PV_RFLAGS_IF);
    CHECK_EQ(frame->error, 0);
    if (frame->rip < begin || frame->rip >= end)
        return;
    if (first_rip == 0)
        first_rip = frame->rip;
    moved |= frame->rip != first_rip;
    values_fill(&expected);
    if (calls) {
        expected.rcx = frame->rcx;
        expected.r11 = frame->r11;
    }
    conform_check_registers(frame, &expected);
}

static bool storm(struct pv_frame *frame)
{
    if (frame->vector == PV_VECTOR_SYSCALL && calls)
        return true;
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    check_frame(frame);
    return ++conform_timer_count < wanted;
}

static void run_storm(struct pv_frame *frame, const char *begin, const char *end)
{
    loop_begin = begin;
    loop_end = end;
    first_rip = 0;
    moved = false;
    wanted = conform_n(500);
    conform_expect_trap(storm);
    pv_time_periodic(PV_TIME_PERIOD_MIN);
    conform_enter(frame);
    pv_time_stop();
    CHECK_EQ(frame->vector, PV_VECTOR_TIMER);
    /* With calls, most of the time may be the machine's, so that all come at the end of a call. */
    CHECK(moved || calls);
}

static void preempt_user_loop_keeps_registers(void)
{
    struct pv_frame frame;

    calls = false;
    conform_user_blob(&user, registers);
    conform_user_frame(&user, &frame, user_loop);
    run_storm(&frame, user_loop_begin, user_loop_end);
    CHECK(*(uint64_t *)conform_user_data(&user) != 0);
}

/* System calls and interrupts mixed: they meet at every instruction of the entry and exit paths. */
static void preempt_user_calls_keep_registers(void)
{
    struct pv_frame frame;

    calls = true;
    conform_user_blob(&user, registers);
    conform_user_frame(&user, &frame, user_calls);
    run_storm(&frame, user_calls_begin, user_calls_end);
    CHECK(*(uint64_t *)conform_user_data(&user) != 0);
}

static void preempt_kernel_loop_keeps_registers(void)
{
    struct pv_frame frame;

    calls = false;
    conform_rounds = 0;
    conform_frame_kernel(&frame, kernel_loop);
    frame.rflags |= PV_RFLAGS_IF;
    run_storm(&frame, kernel_loop_begin, kernel_loop_end);
    CHECK(conform_rounds != 0);
}

/* Two user contexts that take turns at every interrupt, in two address spaces, each with its own count. */
static struct conform_user spaces[2];
static struct pv_frame contexts[2];
static unsigned now_running;

static bool switch_context(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    contexts[now_running] = *frame;
    now_running ^= 1;
    pv_mmu_load(spaces[now_running].root);
    *frame = contexts[now_running];
    return ++conform_timer_count < wanted;
}

static void preempt_switches_address_spaces(void)
{
    struct pv_frame frame;

    for (unsigned i = 0; i < 2; i++) {
        conform_user_blob(&spaces[i], registers);
        conform_user_frame(&spaces[i], &contexts[i], user_loop);
    }
    now_running = 1;
    wanted = conform_n(300);
    conform_expect_trap(switch_context);
    frame = contexts[1];
    pv_time_periodic(PV_TIME_PERIOD_MIN);
    conform_enter(&frame);
    pv_time_stop();
    CHECK_EQ(frame.vector, PV_VECTOR_TIMER);
    CHECK(*(uint64_t *)conform_user_data(&spaces[0]) != 0);
    CHECK(*(uint64_t *)conform_user_data(&spaces[1]) != 0);
}

/* A user loop that never traps is interrupted at the deadline, though it has set every flag it can. */
static void preempt_user_code_cannot_keep_interrupts_out(void)
{
    conform_user_blob(&user, registers);
    for (unsigned i = 0; i < 20; i++) {
        uint64_t deadline = pv_time_now() + conform_random() % PV_NS_PER_MS;

        conform_user_frame(&user, &kept, user_spin);
        kept.rflags |= PV_RFLAGS_AC | PV_RFLAGS_ID | PV_RFLAGS_DF;
        pv_time_oneshot(deadline);
        conform_enter(&kept);
        CHECK_EQ(kept.vector, PV_VECTOR_TIMER);
        CHECK(pv_time_now() >= deadline);
        CHECK_EQ(kept.rip, conform_user_va(&user, user_spin));
        CHECK(kept.rflags & PV_RFLAGS_IF);
    }
}

/* An event that is pending at the return to user code comes before its first instruction or behind it. */
static void preempt_pending_line_comes_at_return_to_user(void)
{
    unsigned line = conform_line_attach();

    conform_user_blob(&user, registers);
    pv_irq_unmask(line);
    for (unsigned i = 0; i < 50; i++) {
        struct pv_frame frame;

        CHECK_EQ(pv_irq_raise(line), 0);
        conform_user_frame(&user, &frame, user_fault);
        conform_frame_fill(&frame, i);
        conform_enter(&frame);
        CHECK_EQ(frame.vector, PV_VECTOR_LINE(line));
        CHECK_EQ(frame.error, 0);
        CHECK(pv_frame_from_user(&frame));
        CHECK_EQ((uint64_t)(conform_entry.frame + 1), (uint64_t)conform_trap_stack_top());
        pv_irq_eoi(line);
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, user_fault_at));
    }
}

const struct conform_test conform_preempt_tests[] = {
    CONFORM_TEST(preempt_user_loop_keeps_registers),
    CONFORM_TEST(preempt_user_calls_keep_registers),
    CONFORM_TEST(preempt_kernel_loop_keeps_registers),
    CONFORM_TEST(preempt_switches_address_spaces),
    CONFORM_TEST(preempt_pending_line_comes_at_return_to_user),
    CONFORM_TEST(preempt_user_code_cannot_keep_interrupts_out),
    {0},
};
