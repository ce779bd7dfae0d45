/* SPDX-License-Identifier: MIT */
/*
 * "a double fault arrives as vector 8 there", on a stack of the backend's, when the kernel stack cannot take
 * a frame: not there, read-only, or the trap stack of user code. The kernel takes it here and goes on; the
 * kernel that declines, by returning, is conform.mode=doublefault. Of the frame's rip and rsp the manual
 * promises nothing (SDM vol. 3, 6.15, interrupt 8), but every machine gives those of the first fault.
 */
#include "code.h"

#define GUARD (PV_VMAP_BASE + 0x20000)

/* A page at GUARD + one page, nothing below it. */
static void make_guarded_stack(uint64_t flags)
{
    conform_map(conform_info->root, GUARD, conform_page(), flags);
    conform_map(conform_info->root, GUARD + PV_PAGE_SIZE, conform_page(), CONFORM_KERNEL_RW);
}

static void check_double_fault(const struct pv_frame *frame, const struct pv_frame *in)
{
    uint64_t place = (uint64_t)conform_entry.frame;

    CHECK_EQ(frame->vector, PV_EXCEPTION_DF);
    CHECK_EQ(frame->error, 0);
    CHECK(!pv_frame_from_user(frame));
    CHECK(place < GUARD || place >= GUARD + 2 * PV_PAGE_SIZE);
    CHECK(place % 8 == 0);
    CHECK_EQ(conform_entry.rbp, 0);
    CHECK(!conform_entry.enabled);
    if (in)
        conform_check_registers(frame, in);
}

static void overflow(uint64_t rsp)
{
    struct pv_frame frame, in;

    conform_frame_kernel(&in, kernel_push);
    conform_frame_fill(&in, 7);
    in.rsp = rsp;
    frame = in;
    conform_enter(&frame);
    check_double_fault(&frame, &in);
}

static void doublefault_arrives_when_stack_is_unmapped(void)
{
    make_guarded_stack(0);
    overflow(GUARD + PV_PAGE_SIZE);
    overflow(GUARD + PV_PAGE_SIZE - 512);
}

static void doublefault_arrives_when_stack_is_read_only(void)
{
    make_guarded_stack(PV_PTE_P | PV_PTE_NX);
    overflow(GUARD + PV_PAGE_SIZE);
}

/* There is room for the frame's first words only. */
static void doublefault_arrives_when_frame_does_not_fit(void)
{
    static const unsigned room[] = {8, 16, 24, 32, 40, 48};

    make_guarded_stack(0);
    for (unsigned i = 0; i < sizeof room / sizeof room[0]; i++) {
        struct pv_frame frame;

        conform_frame_kernel(&frame, kernel_ud2);
        frame.rsp = GUARD + PV_PAGE_SIZE + room[i];
        conform_enter(&frame);
        check_double_fault(&frame, NULL);
    }
}

/* The stack of the backend's is free again each time, and other traps work in between. */
static void doublefault_can_be_taken_again_and_again(void)
{
    make_guarded_stack(0);
    for (uint64_t i = 0; i < conform_n(100); i++) {
        struct pv_frame frame;

        overflow(GUARD + PV_PAGE_SIZE);
        conform_frame_kernel(&frame, kernel_ud2);
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_UD, 0, (uint64_t)kernel_ud2);
    }
}

static bool mend(struct pv_frame *frame)
{
    if (frame->vector != PV_EXCEPTION_DF)
        return false;
    conform_map(conform_info->root, GUARD, conform_page(), CONFORM_KERNEL_RW);
    pv_trap_return_to(frame);
}

/*
 * A kernel that grows its stacks in the double fault's handler goes on by pv_trap_return_to(), and the push
 * is done then. (A handler that only returns declines.)
 */
static void doublefault_can_be_returned_from(void)
{
    struct pv_frame frame;

    make_guarded_stack(0);
    conform_frame_kernel(&frame, kernel_push);
    conform_frame_fill(&frame, 8);
    frame.rsp = GUARD + PV_PAGE_SIZE;
    frame.rflags |= PV_RFLAGS_TF;
    conform_expect_trap(mend);
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_DB, 0, (uint64_t)kernel_push + 1);
    CHECK_EQ(frame.rsp, GUARD + PV_PAGE_SIZE - 8);
    CHECK_EQ(*(uint64_t *)(GUARD + PV_PAGE_SIZE - 8), frame.rax);
}

static uint64_t per_cpu[1] = {4711};

/* GS is the kernel's there as in any handler, wherever between user and kernel the machine gave up. */
static bool check_base(struct pv_frame *frame)
{
    uint64_t word;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(word)::"memory");
    CHECK_EQ(word, per_cpu[0]);
    (void)frame;
    return false;
}

/* The same for a trap from user code whose trap stack is not there; user code cannot avoid or fake it. */
static void doublefault_arrives_when_trap_stack_is_unmapped(void)
{
    const char *const labels[] = {user_fault_at, user_int, user_syscall};
    struct conform_user user;

    make_guarded_stack(0);
    conform_user_blob(&user, registers);
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    pv_cpu_base_set(per_cpu);
    conform_expect_trap(check_base);
    for (unsigned i = 0; i < 3; i++) {
        static struct {
            char stack[1024];
            struct pv_frame frame;
        } launch __attribute__((aligned(16)));
        struct pv_frame frame;

        conform_user_frame(&user, &launch.frame, labels[i]);
        pv_trap_stack_set((void *)(GUARD + PV_PAGE_SIZE));
        CHECK(conform_catch(conform_return_to, &launch.frame, &frame));
        CHECK_EQ(frame.vector, PV_EXCEPTION_DF);
        CHECK_EQ(frame.error, 0);
        pv_trap_stack_set(conform_trap_stack_top());
        conform_user_frame(&user, &frame, user_fault_at);
        conform_enter(&frame);
        CHECK_EQ(frame.vector, PV_EXCEPTION_UD);
        CHECK_EQ(pv_cpu_base(), (uint64_t)per_cpu);
    }
}

const struct conform_test conform_doublefault_tests[] = {
    CONFORM_TEST(doublefault_arrives_when_stack_is_unmapped),
    CONFORM_TEST(doublefault_arrives_when_stack_is_read_only),
    CONFORM_TEST(doublefault_arrives_when_frame_does_not_fit),
    CONFORM_TEST(doublefault_can_be_taken_again_and_again),
    CONFORM_TEST(doublefault_can_be_returned_from),
    CONFORM_TEST(doublefault_arrives_when_trap_stack_is_unmapped),
    {0},
};
