/* SPDX-License-Identifier: MIT */
/*
 * mmu.h, pv_user_fault_fixup(): true for the faults of user copies only, and nothing is changed otherwise.
 * And copies as what they are, interrupted kernel code: two of them, each on a stack of its own, are left at
 * a fault and ended in any order (trap.h: a frame is returned to later).
 */
#include "access.h"

#define VA 0x22000000UL

static bool refused_as_it_should;
static pv_va_t copy_rip;
static pv_pa_t root;

/* A handler that tries and hands on. */
static bool try_fixup(struct pv_frame *frame)
{
    struct pv_frame before = *frame;

    refused_as_it_should = CHECK(!pv_user_fault_fixup(frame)) &&
                           CHECK(__builtin_memcmp(&before, frame, sizeof before) == 0);
    return false;
}

/* The same fault, told to come from all over the kernel and the backend. */
static bool try_elsewhere(struct pv_frame *frame)
{
    const uint64_t places[] = {(uint64_t)pv_kernel_main,
                               (uint64_t)access_try,
                               (uint64_t)conform_call,
                               (uint64_t)pv_trap_return,
                               (uint64_t)pv_console_write,
                               (uint64_t)pv_mmu_root_init,
                               (uint64_t)pv_power_off,
                               (uint64_t)pv_cpu_fpu_save,
                               (uint64_t)pv_user_fault_fixup,
                               (uint64_t)&refused_as_it_should,
                               PV_VMAP_BASE,
                               PV_USER_BASE,
                               0,
                               ~0UL};

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct pv_frame elsewhere = *frame, before;

        elsewhere.rip = places[i];
        before = elsewhere;
        CHECK(!pv_user_fault_fixup(&elsewhere));
        CHECK(__builtin_memcmp(&before, &elsewhere, sizeof before) == 0);
    }
    return false;
}

static void user_fixup_refuses_other_kernel_faults(void)
{
    root = access_user_init();
    conform_expect_trap(try_elsewhere);
    ACCESS_FAULTS(VA, 0, 0);
    conform_expect_trap(try_fixup);
    ACCESS_FAULTS(VA, 0, 0);
    CHECK(refused_as_it_should);
    refused_as_it_should = false;
    ACCESS_FAULTS(VA + 5, PV_PF_W, PV_PF_W);
    CHECK(refused_as_it_should);
    refused_as_it_should = false;
    ACCESS_FAULTS(PV_VMAP_BASE + 0x5000, PV_PF_W, PV_PF_W);
    CHECK(refused_as_it_should);
}

static void user_fixup_refuses_user_faults(void)
{
    root = access_user_init();
    conform_expect_trap(try_fixup);
    ACCESS_FAULTS(VA, PV_PF_U, PV_PF_U);
    CHECK(refused_as_it_should);
    refused_as_it_should = false;
    ACCESS_FAULTS(VA, PV_PF_U | PV_PF_I, PV_PF_U | PV_PF_I);
    CHECK(refused_as_it_should);
}

static bool note_rip(struct pv_frame *frame)
{
    copy_rip = frame->rip;
    return pv_user_fault_fixup(frame);
}

/* User code that jumps to where the kernel's copies are gets no other treatment than any wild jump. */
static void user_fixup_refuses_user_jump_to_the_copy(void)
{
    unsigned char byte;

    root = access_user_init();
    conform_expect_trap(note_rip);
    CHECK_EQ(pv_user_copy_in(&byte, VA, 1), -PV_EFAULT);
    CHECK(pv_va_is_kernel(copy_rip));
    conform_expect_trap(try_fixup);
    ACCESS_FAULTS(copy_rip, PV_PF_U | PV_PF_I, PV_PF_P | PV_PF_U | PV_PF_I);
    CHECK(refused_as_it_should);
}

/* Kernel code on a stack of its own that copies and then says so by a breakpoint. */
struct job {
    char *stack;
    unsigned char data[64];
    int result;
    struct pv_frame frame;
};

static struct job jobs[3];
static char stacks[3][8192] __attribute__((aligned(16)));

/* The page that is missing for a job; the one before it is there. */
static pv_va_t missing(unsigned n)
{
    return VA + 2 * n * PV_PAGE_SIZE;
}

static void work(struct job *job)
{
    job->result = pv_user_copy_in(job->data, missing((unsigned)(job - jobs)) - 8, 64);
    pv_debug_break();
    for (;;)
        pv_cpu_relax();
}

static void start(unsigned n)
{
    struct job *job = &jobs[n];

    job->result = 1;
    conform_frame_kernel(&job->frame, (const void *)(uintptr_t)work);
    /* As behind a call: rsp is 8 below a multiple of 16. */
    job->frame.rsp = (uint64_t)(stacks[n] + sizeof stacks[n] - 8);
    job->frame.rdi = (uint64_t)job;
    conform_enter(&job->frame);
    CHECK_EQ(job->frame.vector, PV_EXCEPTION_PF);
    CHECK_EQ(conform_entry.address, missing(n));
}

static void finish(unsigned n, pv_pa_t page)
{
    conform_map(root, missing(n), page + n * PV_PAGE_SIZE, CONFORM_USER_RW);
    conform_enter(&jobs[n].frame);
    CHECK_EQ(jobs[n].frame.vector, PV_EXCEPTION_BP);
    CHECK_EQ(jobs[n].result, 0);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ(jobs[n].data[i], i < 8 ? 0x40 : (unsigned char)(i - 8 + n));
}

static void user_copy_left_and_ended_in_any_order(void)
{
    static const unsigned char orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                               {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    pv_pa_t before, page;

    root = access_user_init();
    before = conform_page();
    page = conform_pages(3, 1);
    __builtin_memset(pv_phys_to_virt(before), 0x40, PV_PAGE_SIZE);
    for (unsigned n = 0; n < 3; n++) {
        unsigned char *byte = pv_phys_to_virt(page + n * PV_PAGE_SIZE);

        conform_map(root, missing(n) - PV_PAGE_SIZE, before, CONFORM_USER_RW);
        for (unsigned i = 0; i < 64; i++)
            byte[i] = (unsigned char)(i + n);
    }
    for (unsigned o = 0; o < 6; o++) {
        for (unsigned n = 0; n < 3; n++)
            start(n);
        for (unsigned n = 0; n < 3; n++)
            finish(orders[o][n], page);
        for (unsigned n = 0; n < 3; n++)
            conform_unmap(root, missing(n));
    }
}

const struct conform_test conform_user_fixup_tests[] = {
    CONFORM_TEST(user_fixup_refuses_other_kernel_faults),
    CONFORM_TEST(user_fixup_refuses_user_faults),
    CONFORM_TEST(user_fixup_refuses_user_jump_to_the_copy),
    CONFORM_TEST(user_copy_left_and_ended_in_any_order),
    {0},
};
