/* SPDX-License-Identifier: MIT */
/*
 * User exceptions that come from state instead of from one instruction: single step (TF), alignment (AC),
 * x87 and SIMD errors with their masks off. Exact frames, and that returning to them goes on.
 */
#include "conform.h"

CONFORM_BLOB(special, ".globl step_0, step_1, step_2, step_3, step_sys, step_sys_1, step_sys_2, step_int, "
                      "step_int_1, step_int_2\n"
                      "step_0: nop\n"
                      "step_1: movl $1, %eax\n"
                      "step_2: jmp step_3\n"
                      "ud2\n"
                      "step_3: nop\n"
                      "step_sys: syscall\n"
                      "step_sys_1: nop\n"
                      "step_sys_2: ud2\n"
                      "step_int: int $0x20\n"
                      "step_int_1: nop\n"
                      "step_int_2: ud2\n"
                      ".globl align_load, align_store, align_done\n"
                      "align_load: movq 1(%rdi), %rax\n"
                      "jmp align_done\n"
                      "align_store: movl %eax, 2(%rdi)\n"
                      "align_done: ud2\n"
                      ".globl x87_error, x87_at, x87_done\n"
                      "x87_error: fldcw (%rdi)\n"
                      "fldz\n"
                      "fld1\n"
                      "fdiv %st(1), %st\n"
                      "x87_at: fwait\n"
                      "x87_done: ud2\n"
                      ".globl simd_error, simd_at, simd_done\n"
                      "simd_error: ldmxcsr (%rdi)\n"
                      "xorps %xmm0, %xmm0\n"
                      "movss 4(%rdi), %xmm1\n"
                      "simd_at: divss %xmm0, %xmm1\n"
                      "simd_done: ud2\n");
extern const char step_0[], step_1[], step_2[], step_3[], step_sys[], step_sys_1[], step_sys_2[], step_int[],
    step_int_1[], step_int_2[], align_load[], align_store[], align_done[], x87_error[], x87_at[], x87_done[],
    simd_error[], simd_at[], simd_done[];

static struct conform_user user;

static void start(struct pv_frame *frame, const char *label, uint64_t rflags)
{
    conform_user_blob(&user, special);
    conform_user_frame(&user, frame, label);
    conform_frame_fill(frame, 6);
    frame->rdi = CONFORM_USER_DATA;
    frame->rflags |= rflags;
}

static void step_to(struct pv_frame *frame, uint64_t vector, const char *label)
{
    conform_enter(frame);
    conform_check_trap(frame, vector, 0, conform_user_va(&user, label));
    CHECK(frame->rflags & PV_RFLAGS_TF);
    CHECK_EQ(conform_entry.rflags & PV_RFLAGS_TF, 0);
}

/* Behind each instruction (SDM vol. 3, 17.3.1.4); registers change only as the instruction says. */
static void exception_user_db_steps(void)
{
    struct pv_frame frame, expected;

    start(&frame, step_0, PV_RFLAGS_TF);
    expected = frame;
    step_to(&frame, PV_EXCEPTION_DB, step_1);
    conform_check_registers(&frame, &expected);
    step_to(&frame, PV_EXCEPTION_DB, step_2);
    expected.rax = 1;
    conform_check_registers(&frame, &expected);
    step_to(&frame, PV_EXCEPTION_DB, step_3);
}

/* The system call comes with TF in its flags, the kernel runs without, and the steps go on behind it. */
static void exception_user_db_steps_over_syscall(void)
{
    struct pv_frame frame;

    start(&frame, step_sys, PV_RFLAGS_TF);
    step_to(&frame, PV_VECTOR_SYSCALL, step_sys_1);
    CHECK(frame.r11 & PV_RFLAGS_TF);
    step_to(&frame, PV_EXCEPTION_DB, step_sys_2);
}

static void exception_user_db_steps_over_int(void)
{
    struct pv_frame frame;

    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    start(&frame, step_int, PV_RFLAGS_TF);
    step_to(&frame, 0x20, step_int_1);
    step_to(&frame, PV_EXCEPTION_DB, step_int_2);
}

static void exception_user_db_stops_when_cleared(void)
{
    struct pv_frame frame;

    start(&frame, step_0, PV_RFLAGS_TF);
    step_to(&frame, PV_EXCEPTION_DB, step_1);
    frame.rflags &= ~PV_RFLAGS_TF;
    frame.rip = conform_user_va(&user, align_done);
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, align_done));
}

/* The code ran to its end as if nothing had been wrong. */
static bool went_through(const struct pv_frame *frame, const char *end)
{
    return frame->vector == PV_EXCEPTION_UD && frame->rip == conform_user_va(&user, end);
}

static void check_alignment(const char *label)
{
    struct pv_frame frame, in;

    start(&in, label, PV_RFLAGS_AC);
    frame = in;
    conform_enter(&frame);
    if (went_through(&frame, align_done))
        return;
    conform_check_trap(&frame, PV_EXCEPTION_AC, 0, in.rip);
    conform_check_registers(&frame, &in);
    frame.rflags &= ~PV_RFLAGS_AC;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, align_done));
}

/*
 * With AC set, user code only (SDM vol. 3, 6.15, interrupt 17). QEMU's TCG does not check alignment: there
 * the code goes through.
 */
static void exception_user_ac_has_exact_frame(void)
{
    check_alignment(align_load);
    check_alignment(align_store);
}

/* The x87 unit tells of an error at the next waiting instruction (SDM vol. 1, 8.7). */
static void exception_user_mf_has_exact_frame(void)
{
    struct pv_frame frame, expected;

    start(&frame, x87_error, 0);
    *(uint16_t *)conform_user_data(&user) = 0x37f & ~4;
    expected = frame;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_MF, 0, conform_user_va(&user, x87_at));
    conform_check_registers(&frame, &expected);
}

/*
 * At the instruction itself (SDM vol. 3, 6.15, interrupt 19). QEMU's TCG computes as if the error were
 * masked: there the code goes through.
 */
static void exception_user_xm_has_exact_frame(void)
{
    struct pv_frame frame, expected;
    uint32_t *data;

    start(&frame, simd_error, 0);
    data = conform_user_data(&user);
    data[0] = 0x1f80 & ~0x200;
    data[1] = 0x3f800000; /* 1.0f */
    expected = frame;
    conform_enter(&frame);
    if (went_through(&frame, simd_done))
        return;
    conform_check_trap(&frame, PV_EXCEPTION_XM, 0, conform_user_va(&user, simd_at));
    conform_check_registers(&frame, &expected);
}

const struct conform_test conform_exception_state_tests[] = {
    CONFORM_TEST(exception_user_db_steps),           CONFORM_TEST(exception_user_db_steps_over_syscall),
    CONFORM_TEST(exception_user_db_steps_over_int),  CONFORM_TEST(exception_user_db_stops_when_cleared),
    CONFORM_TEST(exception_user_ac_has_exact_frame), CONFORM_TEST(exception_user_mf_has_exact_frame),
    CONFORM_TEST(exception_user_xm_has_exact_frame), {0},
};
