/* SPDX-License-Identifier: MIT */
/*
 * "syscall arrives as PV_VECTOR_SYSCALL with rcx = rip and r11 = rflags, as hardware leaves them": with every
 * flag that user code can set, and back by iret semantics, which give rcx and r11 like any other register.
 */
#include "code.h"

static struct conform_user user;

/* Enter at code that begins with popfq and finds flags on its stack. */
static void enter_with_flags(struct pv_frame *frame, const char *label, uint64_t flags)
{
    conform_user_frame(&user, frame, label);
    conform_frame_fill(frame, 4);
    frame->rsp -= 8;
    ((uint64_t *)pv_phys_to_virt(user.stack_pa))[511] = flags | PV_RFLAGS_FIXED | PV_RFLAGS_IF;
    conform_enter(frame);
}

static const uint64_t flag_sets[] = {
    0,
    PV_RFLAGS_CF,
    PV_RFLAGS_PF,
    PV_RFLAGS_AF,
    PV_RFLAGS_ZF,
    PV_RFLAGS_SF,
    PV_RFLAGS_DF,
    PV_RFLAGS_OF,
    PV_RFLAGS_AC,
    PV_RFLAGS_ID,
    PV_RFLAGS_NT,
    PV_RFLAGS_NT | PV_RFLAGS_DF | PV_RFLAGS_AC | PV_RFLAGS_ID,
    PV_RFLAGS_CF | PV_RFLAGS_PF | PV_RFLAGS_AF | PV_RFLAGS_ZF | PV_RFLAGS_SF | PV_RFLAGS_OF,
};

#define FLAG_SETS (sizeof flag_sets / sizeof flag_sets[0])
/* RF is the machine's, and a backend may clear NT, which has no use in 64-bit mode but to break iretq. */
#define UNSURE (PV_RFLAGS_RF | PV_RFLAGS_NT)

static void check_flags(uint64_t seen, uint64_t expected)
{
    CHECK_EQ(seen & ~UNSURE, (expected | PV_RFLAGS_FIXED | PV_RFLAGS_IF) & ~UNSURE);
}

static void syscall_leaves_rip_and_rflags(void)
{
    conform_user_blob(&user, registers);
    for (unsigned i = 0; i < FLAG_SETS; i++) {
        struct pv_frame frame;

        enter_with_flags(&frame, user_flags_syscall, flag_sets[i]);
        conform_check_trap(&frame, PV_VECTOR_SYSCALL, 0, conform_user_va(&user, user_flags_syscall_behind));
        CHECK_EQ(frame.rcx, frame.rip);
        CHECK_EQ(frame.r11 & ~PV_RFLAGS_RF, frame.rflags & ~PV_RFLAGS_RF);
        check_flags(frame.rflags, flag_sets[i]);
        CHECK_EQ(frame.cs, PV_SELECTOR_USER_CODE);
        CHECK_EQ(frame.ss, PV_SELECTOR_USER_DATA);
        CHECK_EQ(frame.rsp, CONFORM_USER_STACK_TOP);
    }
}

/* Whatever user code sets, the kernel starts with DF, TF, IF and NT clear. */
static void syscall_starts_kernel_with_clean_flags(void)
{
    conform_user_blob(&user, registers);
    for (unsigned i = 0; i < FLAG_SETS; i++) {
        struct pv_frame frame;

        enter_with_flags(&frame, user_flags_syscall, flag_sets[i]);
        CHECK_EQ(conform_entry.rflags & (PV_RFLAGS_DF | PV_RFLAGS_TF | PV_RFLAGS_NT), 0);
        CHECK(!conform_entry.enabled);
        CHECK_EQ(conform_entry.rbp, 0);
    }
}

static void syscall_returns_with_flags(void)
{
    conform_user_blob(&user, registers);
    for (unsigned i = 0; i < FLAG_SETS; i++) {
        struct pv_frame frame;

        enter_with_flags(&frame, user_flags_syscall, flag_sets[i]);
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, user_flags_syscall_read));
        check_flags(frame.rax, flag_sets[i]);
    }
}

static void gate_int_keeps_flags(void)
{
    conform_user_blob(&user, registers);
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    for (unsigned i = 0; i < FLAG_SETS; i++) {
        struct pv_frame frame;

        enter_with_flags(&frame, user_flags_int, flag_sets[i]);
        conform_check_trap(&frame, 0x20, 0, conform_user_va(&user, user_flags_int_behind));
        check_flags(frame.rflags, flag_sets[i]);
        CHECK_EQ(conform_entry.rflags & (PV_RFLAGS_DF | PV_RFLAGS_TF | PV_RFLAGS_NT), 0);
        conform_enter(&frame);
        check_flags(frame.rax, flag_sets[i]);
    }
}

/* The return is an iret, not a sysret: rcx and r11 of the frame are restored, and rip need not be rcx. */
static void syscall_return_restores_rcx_and_r11(void)
{
    struct pv_frame frame;

    conform_user_blob(&user, registers);
    conform_user_frame(&user, &frame, user_syscall);
    conform_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
    values_fill(&frame);
    frame.rip = conform_user_va(&user, user_check);
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, user_same));
}

/* A flag cannot be used to keep interrupts out: IF and IOPL are not user code's to change. */
static void syscall_flags_of_user_have_if_and_no_iopl(void)
{
    struct pv_frame frame;

    conform_user_blob(&user, registers);
    conform_user_frame(&user, &frame, user_flags_syscall);
    frame.rsp -= 8;
    ((uint64_t *)pv_phys_to_virt(user.stack_pa))[511] = PV_RFLAGS_FIXED | PV_RFLAGS_IOPL;
    conform_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
    CHECK_EQ(frame.rflags & (PV_RFLAGS_IF | PV_RFLAGS_IOPL), PV_RFLAGS_IF);
}

/* The return address is the last thing in a page, with nothing mapped behind: the fault is user code's. */
static void syscall_at_page_end_returns_to_fault(void)
{
    unsigned char *code;
    struct pv_frame frame;

    conform_user_blob(&user, registers);
    code = pv_phys_to_virt(user.code_pa);
    code[4094] = 0x0f;
    code[4095] = 0x05;
    conform_user_frame(&user, &frame, registers_start);
    frame.rip = CONFORM_USER_CODE + 4094;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_VECTOR_SYSCALL, 0, CONFORM_USER_CODE + 4096);
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_PF, PV_PF_U | PV_PF_I, CONFORM_USER_CODE + 4096);
}

/* The kernel takes no step on user code's stack: rsp may be anything. */
static void syscall_does_not_use_user_stack(void)
{
    static const uint64_t stacks[] = {
        0, 1, 8, 0x12345671, 0x8000000000000000, UINT64_MAX, 0xffffffff80000000};

    conform_user_blob(&user, registers);
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        struct pv_frame frame;

        conform_user_frame(&user, &frame, user_syscall);
        frame.rsp = stacks[i];
        conform_enter(&frame);
        conform_check_trap(&frame, PV_VECTOR_SYSCALL, 0, conform_user_va(&user, user_syscall_behind));
        CHECK_EQ(frame.rsp, stacks[i]);
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_UD, 0, conform_user_va(&user, user_same));
        CHECK_EQ(frame.rsp, stacks[i]);
    }
}

const struct conform_test conform_syscall_tests[] = {
    CONFORM_TEST(syscall_leaves_rip_and_rflags),
    CONFORM_TEST(syscall_starts_kernel_with_clean_flags),
    CONFORM_TEST(syscall_returns_with_flags),
    CONFORM_TEST(gate_int_keeps_flags),
    CONFORM_TEST(syscall_return_restores_rcx_and_r11),
    CONFORM_TEST(syscall_flags_of_user_have_if_and_no_iopl),
    CONFORM_TEST(syscall_at_page_end_returns_to_fault),
    CONFORM_TEST(syscall_does_not_use_user_stack),
    {0},
};
