/* SPDX-License-Identifier: MIT */
/*
 * Traps from user mode: registers both ways, frames "at exactly stack_top - sizeof(struct pv_frame)" for
 * every kind of trap, frames that are copied, built by hand, resumed later and in another address space, and
 * frames that the machine refuses. The user code is the blob "registers" of code.S.
 */
#include "code.h"

static struct conform_user user;

static void start(struct pv_frame *frame, const char *label)
{
    if (user.blob == NULL)
        conform_user_blob(&user, registers);
    conform_user_frame(&user, frame, label);
}

static void begin(void)
{
    user = (struct conform_user){0};
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
}

static void check_at(const struct pv_frame *frame, uint64_t vector, const char *label)
{
    conform_check_trap(frame, vector, 0, conform_user_va(&user, label));
}

/* Enter at a label that loads the registers and traps; the frame has to hold them. Then the code checks. */
static void there_and_back(const char *label, uint64_t vector, const char *where, const char *resume)
{
    struct pv_frame frame, expected;

    start(&frame, label);
    conform_frame_fill(&frame, 9);
    expected = frame;
    values_fill(&expected);
    conform_enter(&frame);
    check_at(&frame, vector, where);
    if (vector == PV_VECTOR_SYSCALL) {
        CHECK_EQ(frame.rcx, frame.rip);
        CHECK_EQ(frame.r11 & ~PV_RFLAGS_RF, frame.rflags & ~PV_RFLAGS_RF);
        expected.rcx = frame.rcx;
        expected.r11 = frame.r11;
    }
    conform_check_registers(&frame, &expected);
    frame.rip = conform_user_va(&user, resume);
    conform_enter(&frame);
    check_at(&frame, PV_EXCEPTION_UD, user_same);
}

static void trap_user_registers_survive_syscall(void)
{
    begin();
    there_and_back(user_syscall, PV_VECTOR_SYSCALL, user_syscall_behind, user_syscall_behind);
}

static void trap_user_registers_survive_int(void)
{
    begin();
    there_and_back(user_int, 0x20, user_int_behind, user_int_behind);
}

static void trap_user_registers_survive_fault(void)
{
    begin();
    there_and_back(user_fault, PV_EXCEPTION_UD, user_fault_at, user_fault_behind);
}

static void trap_return_restores_user_registers(void)
{
    struct pv_frame frame;

    begin();
    start(&frame, user_check);
    values_fill(&frame);
    conform_enter(&frame);
    check_at(&frame, PV_EXCEPTION_UD, user_same);
}

static void check_place(const char *label, uint64_t vector)
{
    struct pv_frame frame;

    start(&frame, label);
    conform_enter(&frame);
    CHECK_EQ(frame.vector, vector);
    CHECK(pv_frame_from_user(&frame));
    CHECK_EQ((uint64_t)(conform_entry.frame + 1), (uint64_t)conform_trap_stack_top());
}

static void check_places(void)
{
    check_place(user_syscall, PV_VECTOR_SYSCALL);
    check_place(user_int, 0x20);
    check_place(user_fault, PV_EXCEPTION_UD);
    pv_time_oneshot(pv_time_now() + 200 * PV_NS_PER_US);
    check_place(user_spin, PV_VECTOR_TIMER);
}

static void trap_frame_lies_at_stack_top(void)
{
    begin();
    check_places();
}

/* The next trap uses what pv_trap_stack_set() said last: stacks change with every process. */
static void trap_stack_set_holds_from_next_trap(void)
{
    static char stacks[2][8192] __attribute__((aligned(16)));

    begin();
    for (unsigned i = 0; i < 6; i++) {
        conform_trap_stack_set(stacks[i % 2] + 8192 - (i / 2) * 16);
        check_places();
    }
}

/* Stacks are pages of the kernel's: from the pool through the direct map, and from the VMAP window. */
static void trap_stack_may_be_anywhere_in_kernel_half(void)
{
    begin();
    conform_trap_stack_set((char *)pv_phys_to_virt(conform_pages(2, 1)) + 2 * PV_PAGE_SIZE);
    check_places();
    conform_map(conform_info->root, PV_VMAP_BASE + 0x10000, conform_page(), CONFORM_KERNEL_RW);
    conform_map(conform_info->root, PV_VMAP_BASE + 0x11000, conform_page(), CONFORM_KERNEL_RW);
    conform_trap_stack_set((void *)(PV_VMAP_BASE + 0x12000));
    check_places();
}

static void trap_frame_init_user_starts_clean(void)
{
    struct pv_frame frame, expected = {0};

    begin();
    start(&frame, user_fault_at);
    expected.cs = PV_SELECTOR_USER_CODE;
    expected.ss = PV_SELECTOR_USER_DATA;
    expected.rflags = PV_RFLAGS_FIXED | PV_RFLAGS_IF;
    expected.rsp = CONFORM_USER_STACK_TOP;
    conform_check_registers(&frame, &expected);
    conform_enter(&frame);
    check_at(&frame, PV_EXCEPTION_UD, user_fault_at);
    conform_check_registers(&frame, &expected);
}

static void trap_frame_sanitize_forces_user_state(void)
{
    struct pv_frame frame;

    begin();
    start(&frame, user_fault_at);
    frame.cs = PV_SELECTOR_KERNEL_CODE;
    frame.ss = PV_SELECTOR_KERNEL_DATA;
    frame.rflags = UINT64_MAX & ~(PV_RFLAGS_IF | PV_RFLAGS_TF);
    pv_frame_sanitize_user(&frame);
    CHECK_EQ(frame.cs, PV_SELECTOR_USER_CODE);
    CHECK_EQ(frame.ss, PV_SELECTOR_USER_DATA);
    CHECK_EQ(frame.rflags, (PV_RFLAGS_USER & ~PV_RFLAGS_TF) | PV_RFLAGS_FIXED | PV_RFLAGS_IF);
    conform_enter(&frame);
    check_at(&frame, PV_EXCEPTION_UD, user_fault_at);
    CHECK(pv_frame_from_user(&frame));
}

/* A frame that is kept while other user code runs is as good as one that is returned to at once. */
static void trap_frame_copied_resumes_later(void)
{
    struct pv_frame first, second, other;

    begin();
    start(&first, user_int);
    conform_enter(&first);
    second = first;
    for (unsigned i = 0; i < 3; i++) {
        start(&other, user_fault);
        conform_enter(&other);
        check_at(&other, PV_EXCEPTION_UD, user_fault_at);
    }
    conform_enter(&first);
    check_at(&first, PV_EXCEPTION_UD, user_same);
    conform_enter(&second);
    check_at(&second, PV_EXCEPTION_UD, user_same);
}

/* Fork without a fork: the copy goes on in another root, at the same addresses, with other pages behind. */
static void trap_frame_resumes_in_another_address_space(void)
{
    struct conform_user other;
    struct pv_frame frame;

    begin();
    start(&frame, user_fault);
    *(uint64_t *)conform_user_data(&user) = 1;
    conform_enter(&frame);
    conform_user_blob(&other, registers);
    *(uint64_t *)conform_user_data(&other) = 2;
    frame.rip = conform_user_va(&user, user_load_rdi);
    frame.rdi = CONFORM_USER_DATA;
    for (unsigned i = 0; i < 4; i++) {
        struct pv_frame copy = frame;

        pv_mmu_load(i % 2 ? user.root : other.root);
        conform_enter(&copy);
        check_at(&copy, PV_EXCEPTION_UD, user_load_rdi_done);
        CHECK_EQ(copy.rax, i % 2 ? 1 : 2);
    }
}

static void check_refused(const struct pv_frame *in)
{
    struct pv_frame frame = *in;

    conform_enter(&frame);
    CHECK(frame.vector == PV_EXCEPTION_GP || frame.vector == PV_EXCEPTION_SS);
    CHECK_EQ(frame.error, 0);
    CHECK_EQ(frame.rip, in->rip);
    CHECK(pv_frame_from_user(&frame));
    conform_check_registers(&frame, in);
    CHECK_EQ((uint64_t)(conform_entry.frame + 1), (uint64_t)conform_trap_stack_top());
}

/* "A user frame that the machine refuses to go to arrives as a #GP or #SS with error 0 from user mode" */
static void trap_refused_rip_arrives_as_fault(void)
{
    static const uint64_t places[] = {0x800000000000, 0x8000000000000000, 0xffff7fffffffffff,
                                      0x1234567890abcdef};
    const unsigned count = sizeof places / sizeof places[0];
    uint64_t refused = pv_debug_counter(PV_DEBUG_USER_REFUSED);
    struct pv_frame frame;

    begin();
    for (unsigned i = 0; i < count; i++) {
        start(&frame, user_check);
        conform_frame_fill(&frame, i);
        frame.rip = places[i];
        check_refused(&frame);
    }
    /* 0 where the backend does not count them. */
    if (pv_debug_counter(PV_DEBUG_USER_REFUSED) != 0)
        CHECK_EQ(pv_debug_counter(PV_DEBUG_USER_REFUSED) - refused, count);
    start(&frame, user_check);
    values_fill(&frame);
    conform_enter(&frame);
    check_at(&frame, PV_EXCEPTION_UD, user_same);
}

/* Selectors of no user segment, which a debugger's "set register" may bring. */
static void trap_refused_selectors_arrive_as_fault(void)
{
    static const struct {
        uint16_t cs, ss;
    } pairs[] = {{0xfff3, PV_SELECTOR_USER_DATA},
                 {PV_SELECTOR_USER_DATA, PV_SELECTOR_USER_DATA},
                 {PV_SELECTOR_USER_CODE, 0xfff3},
                 {PV_SELECTOR_USER_CODE, PV_SELECTOR_USER_CODE}};

    begin();
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct pv_frame frame;

        start(&frame, user_check);
        conform_frame_fill(&frame, i);
        frame.cs = pairs[i].cs;
        frame.ss = pairs[i].ss;
        check_refused(&frame);
    }
}

const struct conform_test conform_trap_user_tests[] = {
    CONFORM_TEST(trap_frame_init_user_starts_clean),
    CONFORM_TEST(trap_frame_sanitize_forces_user_state),
    CONFORM_TEST(trap_user_registers_survive_syscall),
    CONFORM_TEST(trap_user_registers_survive_int),
    CONFORM_TEST(trap_user_registers_survive_fault),
    CONFORM_TEST(trap_return_restores_user_registers),
    CONFORM_TEST(trap_frame_lies_at_stack_top),
    CONFORM_TEST(trap_stack_set_holds_from_next_trap),
    CONFORM_TEST(trap_stack_may_be_anywhere_in_kernel_half),
    CONFORM_TEST(trap_frame_copied_resumes_later),
    CONFORM_TEST(trap_frame_resumes_in_another_address_space),
    CONFORM_TEST(trap_refused_rip_arrives_as_fault),
    CONFORM_TEST(trap_refused_selectors_arrive_as_fault),
    {0},
};
