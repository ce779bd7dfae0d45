/* SPDX-License-Identifier: MIT */
/*
 * Trap frames: that they hold the registers of the interrupted code and give them back, for traps from
 * kernel and user mode alike ("always all valid"), and where they lie: "A trap from user mode puts the frame
 * at exactly stack_top - sizeof(struct pv_frame)", one from kernel mode "below the interrupted stack
 * pointer". Frames made by hand are entered by conform_enter(); the trap that ends the code brings the frame
 * to look at.
 */
#include "code.h"

static void enter_kernel(struct pv_frame *frame, const char *rip)
{
    conform_frame_kernel(frame, rip);
    conform_frame_fill(frame, 3);
    conform_enter(frame);
}

static void trap_frame_holds_kernel_registers(void)
{
    struct pv_frame frame, expected;

    enter_kernel(&frame, kernel_load);
    conform_frame_kernel(&expected, kernel_loaded);
    values_fill(&expected);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_loaded);
    conform_check_registers(&frame, &expected);
}

static void trap_return_restores_kernel_registers(void)
{
    struct pv_frame frame;

    conform_frame_kernel(&frame, kernel_check);
    values_fill(&frame);
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_same);
}

/* What the code sees by pushfq, except for the interrupt flag, which is not in rflags on every backend. */
static void trap_return_restores_kernel_flags(void)
{
    static const uint64_t sets[] = {0,
                                    PV_RFLAGS_CF,
                                    PV_RFLAGS_PF,
                                    PV_RFLAGS_AF,
                                    PV_RFLAGS_ZF,
                                    PV_RFLAGS_SF,
                                    PV_RFLAGS_DF,
                                    PV_RFLAGS_OF,
                                    PV_RFLAGS_AC,
                                    PV_RFLAGS_ID,
                                    PV_RFLAGS_CF | PV_RFLAGS_ZF | PV_RFLAGS_DF | PV_RFLAGS_ID};
    const uint64_t seen = PV_RFLAGS_USER & ~PV_RFLAGS_RF;

    for (unsigned i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct pv_frame frame;

        conform_frame_kernel(&frame, kernel_flags);
        frame.rflags |= sets[i];
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_flags_read);
        CHECK_EQ(frame.rax & seen, sets[i]);
        CHECK_EQ(frame.rflags & seen, sets[i]);
    }
}

static void trap_frame_holds_interrupt_flag(void)
{
    for (unsigned on = 0; on < 2; on++) {
        struct pv_frame frame;

        conform_frame_kernel(&frame, kernel_ud2);
        frame.rflags |= on ? PV_RFLAGS_IF : 0;
        conform_enter(&frame);
        CHECK_EQ(frame.rflags & PV_RFLAGS_IF, on ? PV_RFLAGS_IF : 0);
        CHECK(!pv_irq_enabled());
    }
}

/* "up to 15 bytes of alignment between" */
static void trap_frame_lies_below_kernel_stack_pointer(void)
{
    for (unsigned i = 0; i < 32; i++) {
        struct pv_frame frame;
        uint64_t rsp, end;

        conform_frame_kernel(&frame, kernel_ud2);
        rsp = frame.rsp -= i;
        conform_enter(&frame);
        end = (uint64_t)(conform_entry.frame + 1);
        CHECK_EQ(frame.rsp, rsp);
        CHECK(end <= rsp && end + 15 >= rsp);
    }
}

/* What the interrupted code has on its stack stays. */
static void trap_leaves_kernel_stack_alone(void)
{
    static uint64_t stack[512] __attribute__((aligned(16)));
    struct pv_frame frame;

    for (unsigned i = 0; i < 512; i++)
        stack[i] = i + 0x5555;
    conform_frame_kernel(&frame, kernel_ud2);
    frame.rsp = (uint64_t)(stack + 448);
    conform_enter(&frame);
    for (unsigned i = 448; i < 512; i++)
        CHECK_EQ(stack[i], i + 0x5555);
}

static void check_entry(const struct pv_frame *frame)
{
    CHECK_EQ(conform_entry.rbp, 0);
    CHECK_EQ(conform_entry.rflags & (PV_RFLAGS_DF | PV_RFLAGS_TF), 0);
    CHECK(!conform_entry.enabled);
    /* The C calling convention: the stack is at a multiple of 16 before the call. */
    CHECK_EQ(conform_entry.rsp % 16, 8);
    CHECK(frame->rflags & PV_RFLAGS_DF);
    CHECK(frame->rflags & PV_RFLAGS_IF);
}

/* "The handler starts with interrupts off, the direction flag clear and rbp = 0" */
static void trap_entry_has_clean_state_from_kernel(void)
{
    struct pv_frame frame;

    conform_frame_kernel(&frame, kernel_ud2);
    conform_frame_fill(&frame, 1);
    frame.rflags |= PV_RFLAGS_DF | PV_RFLAGS_IF;
    conform_enter(&frame);
    check_entry(&frame);
    conform_frame_kernel(&frame, kernel_step);
    conform_frame_fill(&frame, 1);
    frame.rflags |= PV_RFLAGS_DF | PV_RFLAGS_IF | PV_RFLAGS_TF;
    conform_enter(&frame);
    CHECK_EQ(frame.vector, PV_EXCEPTION_DB);
    check_entry(&frame);
}

static void trap_entry_has_clean_state_from_user(void)
{
    const char *const entries[] = {user_flags_syscall, user_flags_int, user_flags_fault};
    struct conform_user user;

    conform_user_blob(&user, registers);
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct pv_frame frame;

        conform_user_frame(&user, &frame, entries[i]);
        conform_frame_fill(&frame, i);
        frame.rsp -= 8;
        ((uint64_t *)pv_phys_to_virt(user.stack_pa))[511] = PV_RFLAGS_FIXED | PV_RFLAGS_DF | PV_RFLAGS_ID;
        conform_enter(&frame);
        check_entry(&frame);
    }
}

static unsigned depth_reached;
static uint64_t last_rsp;

static void nest(void *unused)
{
    (void)unused;
    __asm__ volatile("ud2");
}

static bool nest_deeper(struct pv_frame *frame)
{
    uint64_t place = (uint64_t)frame;
    unsigned depth = ++depth_reached;

    CHECK_EQ(frame->vector, PV_EXCEPTION_UD);
    CHECK(place + sizeof *frame <= frame->rsp);
    CHECK(place < last_rsp);
    last_rsp = place;
    if (depth < 16)
        nest(NULL);
    CHECK_EQ((uint64_t)frame, place);
    CHECK_EQ(frame->vector, PV_EXCEPTION_UD);
    frame->rip += 2;
    return true;
}

/* Traps in trap handlers, each with a frame below the other's, and back again one by one. */
static void trap_nests_and_unwinds(void)
{
    depth_reached = 0;
    last_rsp = UINT64_MAX;
    conform_expect_trap(nest_deeper);
    nest(NULL);
    CHECK_EQ(depth_reached, 16);
}

static bool enable_and_wait(struct pv_frame *frame)
{
    uint64_t limit = pv_time_now() + 5 * PV_NS_PER_S;

    if (conform_count_timer(frame))
        return true;
    CHECK_EQ(frame->vector, 0x20);
    pv_time_oneshot(0);
    pv_irq_enable();
    while (conform_timer_count == 0 && pv_time_now() < limit)
        pv_cpu_relax();
    return true;
}

/* "it may enable interrupts": an interrupt nests in it; the flag of the frame is restored in any case. */
static void trap_handler_may_enable_interrupts(void)
{
    conform_expect_trap(enable_and_wait);
    pv_trap_raise(0x20);
    CHECK_EQ(conform_timer_count, 1);
    CHECK(!pv_irq_enabled());
    conform_timer_count = 0;
    pv_irq_enable();
    pv_trap_raise(0x20);
    CHECK(pv_irq_enabled());
    CHECK_EQ(conform_timer_count, 1);
}

static bool change_registers(struct pv_frame *frame)
{
    if (frame->rip != (uint64_t)kernel_ud2)
        return false;
    values_fill(frame);
    frame->rip = (uint64_t)kernel_check;
    return true;
}

/* What a handler writes into the frame is what goes on. */
static void trap_frame_changes_take_effect(void)
{
    struct pv_frame frame;

    conform_expect_trap(change_registers);
    enter_kernel(&frame, kernel_ud2);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_same);
}

/* "ignored by pv_trap_return" */
static void trap_return_ignores_vector_and_error(void)
{
    struct pv_frame frame;

    conform_frame_kernel(&frame, kernel_check);
    values_fill(&frame);
    frame.vector = UINT64_MAX;
    frame.error = UINT64_MAX;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_same);
}

const struct conform_test conform_trap_tests[] = {
    CONFORM_TEST(trap_frame_holds_kernel_registers),
    CONFORM_TEST(trap_return_restores_kernel_registers),
    CONFORM_TEST(trap_return_restores_kernel_flags),
    CONFORM_TEST(trap_return_ignores_vector_and_error),
    CONFORM_TEST(trap_frame_holds_interrupt_flag),
    CONFORM_TEST(trap_frame_lies_below_kernel_stack_pointer),
    CONFORM_TEST(trap_leaves_kernel_stack_alone),
    CONFORM_TEST(trap_entry_has_clean_state_from_kernel),
    CONFORM_TEST(trap_entry_has_clean_state_from_user),
    CONFORM_TEST(trap_frame_changes_take_effect),
    CONFORM_TEST(trap_nests_and_unwinds),
    CONFORM_TEST(trap_handler_may_enable_interrupts),
    {0},
};
