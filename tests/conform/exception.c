/* SPDX-License-Identifier: MIT */
/*
 * Exceptions raised by kernel code: every one that portable kernel code can raise, with vector, error, rip,
 * flags, stack pointer and all registers of the faulting instruction ("exact frame"). Privileged instructions
 * are not among them: pvops exists to replace those. User code's exceptions are in exception_user.c.
 */
#include "code.h"

/* Canonical addresses have bits 63:47 equal. */
#define NON_CANONICAL 0x8000000000000000UL
/* In the user window, where the boot root maps nothing. */
#define NOWHERE 0x12345678UL

/* Runs code that traps at its first instruction with registers all different, at each interrupt flag. */
static void check_fault(const char *rip, uint64_t vector, uint64_t error, void (*set)(struct pv_frame *))
{
    for (unsigned on = 0; on < 2; on++) {
        struct pv_frame frame, in;

        conform_frame_kernel(&in, rip);
        conform_frame_fill(&in, on);
        in.rflags |= (on ? PV_RFLAGS_IF : 0) | PV_RFLAGS_CF | PV_RFLAGS_ZF | PV_RFLAGS_OF;
        if (set)
            set(&in);
        frame = in;
        conform_enter(&frame);
        conform_check_trap(&frame, vector, error, (uint64_t)rip);
        conform_check_registers(&frame, &in);
    }
}

static void exception_ud_has_exact_frame(void)
{
    check_fault(kernel_ud2, PV_EXCEPTION_UD, 0, NULL);
}

static void divide_by_zero(struct pv_frame *frame)
{
    frame->rcx = 0;
}

static void divide_overflow(struct pv_frame *frame)
{
    frame->rdx = 5;
    frame->rcx = 5;
}

static void exception_de_has_exact_frame(void)
{
    check_fault(kernel_div, PV_EXCEPTION_DE, 0, divide_by_zero);
    check_fault(kernel_div, PV_EXCEPTION_DE, 0, divide_overflow);
}

static void non_canonical(struct pv_frame *frame)
{
    frame->rbx = NON_CANONICAL;
    frame->rbp = NON_CANONICAL;
}

static void exception_gp_has_exact_frame(void)
{
    check_fault(kernel_load_rbx, PV_EXCEPTION_GP, 0, non_canonical);
}

/* An address by rbp is a stack reference: #SS (SDM vol. 3, 6.15, interrupt 12). */
static void exception_ss_has_exact_frame(void)
{
    struct pv_frame frame, in;

    conform_frame_kernel(&in, kernel_load_rbp);
    conform_frame_fill(&in, 1);
    non_canonical(&in);
    frame = in;
    conform_enter(&frame);
    conform_check_stack_fault(&frame, (uint64_t)kernel_load_rbp);
    conform_check_registers(&frame, &in);
}

static void unmapped(struct pv_frame *frame)
{
    frame->rsi = NOWHERE;
}

static void read_only(struct pv_frame *frame)
{
    frame->rsi = (uint64_t)conform_values;
}

static void exception_pf_has_exact_frame(void)
{
    check_fault(kernel_load_rsi, PV_EXCEPTION_PF, 0, unmapped);
    CHECK_EQ(conform_entry.address, NOWHERE);
    check_fault(kernel_store_rsi, PV_EXCEPTION_PF, PV_PF_W, unmapped);
    CHECK_EQ(conform_entry.address, NOWHERE);
    check_fault(kernel_store_rsi, PV_EXCEPTION_PF, PV_PF_P | PV_PF_W, read_only);
    CHECK_EQ(conform_entry.address, (uint64_t)conform_values);
}

/* A fetch faults at the address that was jumped to, and the registers are those behind the jump. */
static void exception_pf_of_fetch_has_exact_frame(void)
{
    struct pv_frame frame, in;

    conform_frame_kernel(&in, kernel_jump_rsi);
    conform_frame_fill(&in, 1);
    in.rsi = NOWHERE;
    frame = in;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_PF, PV_PF_I, NOWHERE);
    CHECK_EQ(conform_entry.address, NOWHERE);
    conform_check_registers(&frame, &in);
}

static void break_here(void *unused)
{
    (void)unused;
    pv_debug_break();
}

/* A trap, not a fault: rip is behind the instruction, and returning goes on there. */
static void exception_bp_has_rip_behind(void)
{
    struct pv_frame frame;
    const unsigned char *behind;

    CHECK(conform_catch(break_here, NULL, &frame));
    CHECK_EQ(frame.vector, PV_EXCEPTION_BP);
    CHECK_EQ(frame.error, 0);
    CHECK_EQ(frame.cs, PV_SELECTOR_KERNEL_CODE);
    behind = (const unsigned char *)frame.rip;
    CHECK(behind > (const unsigned char *)(uintptr_t)break_here);
    CHECK(behind < (const unsigned char *)(uintptr_t)break_here + 64);
}

static bool count_bp(struct pv_frame *frame)
{
    return frame->vector == PV_EXCEPTION_BP;
}

static void exception_bp_returns_behind(void)
{
    conform_expect_trap(count_bp);
    pv_debug_break();
    pv_debug_break();
    CHECK_EQ(conform_trap_count, 2);
}

/*
 * Single step: a trap behind each instruction with TF in the frame, and none in the handler, which starts
 * with TF clear (SDM vol. 3, 17.3.1.4 and 6.12.1.3).
 */
static void exception_db_steps_kernel_code(void)
{
    const char *const places[] = {kernel_step_1, kernel_step_2};
    struct pv_frame frame, expected;

    conform_frame_kernel(&frame, kernel_step);
    conform_frame_fill(&frame, 2);
    frame.rflags |= PV_RFLAGS_TF;
    for (unsigned i = 0; i < 2; i++) {
        expected = frame;
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_DB, 0, (uint64_t)places[i]);
        if (i == 1)
            expected.rax = 1;
        conform_check_registers(&frame, &expected);
        CHECK_EQ(conform_entry.rflags & PV_RFLAGS_TF, 0);
    }
}

const struct conform_test conform_exception_tests[] = {
    CONFORM_TEST(exception_de_has_exact_frame),          CONFORM_TEST(exception_db_steps_kernel_code),
    CONFORM_TEST(exception_bp_has_rip_behind),           CONFORM_TEST(exception_bp_returns_behind),
    CONFORM_TEST(exception_ud_has_exact_frame),          CONFORM_TEST(exception_ss_has_exact_frame),
    CONFORM_TEST(exception_gp_has_exact_frame),          CONFORM_TEST(exception_pf_has_exact_frame),
    CONFORM_TEST(exception_pf_of_fetch_has_exact_frame), {0},
};
