/* SPDX-License-Identifier: MIT */
/*
 * cpu.h: "The user FPU state stays in the registers while the kernel runs; it belongs to the last user
 * context on this CPU and is switched by pv_cpu_fpu_save() and pv_cpu_fpu_restore() only." trap.h and
 * architecture: a syscall, int n, fault or interrupt clobbers none of it. And the save area: size, format,
 * initial contents.
 */
#include "fpu_state.h"

#define CONTEXTS 6

static unsigned char areas[CONTEXTS][FPU_AREA_MAX] __attribute__((aligned(64)));
static struct fpu_context contexts[CONTEXTS];

static void make(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fpu_context_make(&contexts[i], areas[i]);
        fpu_random(fpu_in(&contexts[i]));
    }
}

/* Let a context load its state, and save it. */
static void load_and_save(struct fpu_context *context)
{
    pv_cpu_fpu_restore(context->area);
    fpu_user_load(context);
    pv_cpu_fpu_save(context->area);
}

static bool restored_is(struct fpu_context *context, const struct fpu_state *state)
{
    pv_cpu_fpu_restore(context->area);
    fpu_user_store(context);
    return fpu_is(context, state);
}

static void fpu_area_size_is_in_bounds(void)
{
    size_t size = pv_cpu_fpu_size();

    CHECK_EQ(size % 64, 0);
    CHECK(size >= 576 && size <= FPU_AREA_MAX);
    CHECK_EQ(pv_cpu_fpu_size(), size);
    /* 256 bytes of upper halves are behind the header, if there are any (SDM vol. 1, 13.5.3). */
    CHECK(!pv_cpu_has(PV_CPU_AVX) || size >= 576 + 256);
    CHECK(!pv_cpu_has(PV_CPU_AVX512) || size >= 576 + 256 + 64 + 512 + 1024);
    CHECK(pv_cpu_has(PV_CPU_XSAVE) || !pv_cpu_has(PV_CPU_AVX));
    CHECK(pv_cpu_has(PV_CPU_AVX) || !pv_cpu_has(PV_CPU_AVX512));
}

static void fpu_init_gives_the_initial_state(void)
{
    make(1);
    load_and_save(&contexts[0]);
    __builtin_memset(areas[0], 0xff, sizeof areas[0]);
    pv_cpu_fpu_init(areas[0]);
    pv_cpu_fpu_restore(areas[0]);
    fpu_user_store(&contexts[0]);
    fpu_is_initial(&contexts[0]);
}

static void fpu_contexts_are_kept_apart(void)
{
    make(CONTEXTS);
    for (unsigned i = 0; i < CONTEXTS; i++)
        load_and_save(&contexts[i]);
    for (uint64_t n = 0; n < conform_n(60); n++) {
        struct fpu_context *context = &contexts[conform_random() % CONTEXTS];

        if (!restored_is(context, fpu_in(context)))
            return;
        if (n % 3 == 0) {
            fpu_random(fpu_in(context));
            fpu_user_load(context);
        }
        pv_cpu_fpu_save(context->area);
    }
}

/* Without save and restore nothing is switched: the registers are those of the last user context. */
static void fpu_state_stays_in_the_registers(void)
{
    make(2);
    load_and_save(&contexts[0]);
    fpu_user_store(&contexts[1]);
    fpu_is(&contexts[1], fpu_in(&contexts[0]));
    fpu_user_store(&contexts[0]);
    fpu_is(&contexts[0], fpu_in(&contexts[0]));
}

/* Everything a kernel does between two entries, copies and faults of its own included. */
static bool give_up(struct pv_frame *frame)
{
    return frame->vector == PV_EXCEPTION_PF && pv_user_fault_fixup(frame);
}

static void fpu_kernel_work_does_not_disturb(void)
{
    static unsigned char a[4096], b[4096];

    make(1);
    fpu_user_load(&contexts[0]);
    conform_expect_trap(give_up);
    for (uint64_t n = 0; n < conform_n(10); n++) {
        __builtin_memset(a, (int)n, sizeof a);
        __builtin_memcpy(b, a, sizeof a);
        CHECK_EQ(pv_user_copy_out(CONFORM_USER_STACK, a, 1000), 0);
        CHECK_EQ(pv_user_copy_in(b, CONFORM_USER_STACK, 1000), 0);
        CHECK_EQ(pv_user_copy_in(b, FPU_FAULT_VA, 1), -PV_EFAULT);
        pv_mmu_load(conform_root());
        pv_mmu_invalidate_all();
        pv_time_oneshot(pv_time_now() + PV_NS_PER_S * 1000);
        pv_time_stop();
        pv_cpu_user_tls_set(n * 0x1000);
        pv_debug_trace("fpu", n, 0);
        fpu_user_store(&contexts[0]);
        if (!fpu_is(&contexts[0], fpu_in(&contexts[0])))
            return;
    }
}

/* int n, syscall, a page fault and timer interrupts, one after the other, between load and store. */
static unsigned events;

static bool answer(struct pv_frame *frame)
{
    if (frame->vector == FPU_GATE || frame->vector == PV_VECTOR_SYSCALL) {
        events++;
    } else if (frame->vector == PV_EXCEPTION_PF) {
        events++;
        conform_map(pv_mmu_root(), FPU_FAULT_VA, conform_page(), CONFORM_USER_RW);
    } else if (frame->vector == PV_VECTOR_TIMER) {
        conform_timer_count++;
        if (events == 3 && conform_timer_count >= 3)
            *fpu_flag(&contexts[0]) = 1;
    } else {
        return false;
    }
    return true;
}

static void fpu_traps_leave_the_registers(void)
{
    make(1);
    conform_expect_trap(answer);
    pv_trap_gate_set(FPU_GATE, true);
    pv_time_periodic(PV_NS_PER_MS);
    for (uint64_t n = 0; n < conform_n(3); n++) {
        events = 0;
        conform_timer_count = 0;
        *fpu_flag(&contexts[0]) = 0;
        fpu_random(fpu_in(&contexts[0]));
        fpu_user_events(&contexts[0]);
        CHECK_EQ(events, 3);
        fpu_is(&contexts[0], fpu_in(&contexts[0]));
        conform_unmap(pv_mmu_root(), FPU_FAULT_VA);
    }
}

/* A child starts with a copy, made by memory copy or by a second save; then both go their ways. */
static void fpu_area_copied_is_a_fork(void)
{
    make(3);
    load_and_save(&contexts[0]);
    pv_cpu_fpu_save(areas[1]);
    __builtin_memcpy(areas[2], areas[0], pv_cpu_fpu_size());
    for (unsigned i = 0; i < 3; i++)
        restored_is(&contexts[2 - i], fpu_in(&contexts[0]));
    load_and_save(&contexts[1]);
    restored_is(&contexts[0], fpu_in(&contexts[0]));
    restored_is(&contexts[1], fpu_in(&contexts[1]));
    restored_is(&contexts[2], fpu_in(&contexts[0]));
}

/* Save and init write size bytes and no more, restore writes nothing, an area needs no preparation. */
static void fpu_area_is_all_that_is_written(void)
{
    size_t size = pv_cpu_fpu_size();
    static unsigned char copy[FPU_AREA_MAX];

    make(1);
    fpu_user_load(&contexts[0]);
    for (unsigned n = 0; n < 2; n++) {
        __builtin_memset(areas[1], 0xc3, sizeof areas[1]);
        if (n == 0)
            pv_cpu_fpu_save(areas[1]);
        else
            pv_cpu_fpu_init(areas[1]);
        for (size_t i = size; i < sizeof areas[1]; i++)
            CHECK_EQ(areas[1][i], 0xc3);
        __builtin_memcpy(copy, areas[1], size);
        pv_cpu_fpu_restore(areas[1]);
        CHECK(__builtin_memcmp(copy, areas[1], size) == 0);
        fpu_user_store(&contexts[0]);
        if (n == 0)
            fpu_is(&contexts[0], fpu_in(&contexts[0]));
        else
            fpu_is_initial(&contexts[0]);
    }
}

/* The format: SDM vol. 1, 13.4.1 and 13.4.2; the standard form, so XCOMP_BV is 0. */
static void fpu_area_has_the_format_of_xsave(void)
{
    const struct fpu_image *image = (const struct fpu_image *)(const void *)areas[0];
    const uint64_t *header = (const uint64_t *)(const void *)(areas[0] + 512);
    const struct fpu_image *in;

    make(1);
    in = &fpu_in(&contexts[0])->image;
    __builtin_memset(areas[0], 0xff, sizeof areas[0]);
    fpu_user_load(&contexts[0]);
    pv_cpu_fpu_save(areas[0]);
    if (pv_cpu_has(PV_CPU_XSAVE))
        CHECK_EQ(header[0] & 7, pv_cpu_has(PV_CPU_AVX) ? 7 : 3);
    else
        CHECK_EQ(header[0], 0);
    for (unsigned i = 1; i < 8; i++)
        CHECK_EQ(header[i], 0);
    CHECK_EQ(image->fcw, in->fcw);
    CHECK_EQ(image->fsw, in->fsw);
    CHECK_EQ(image->ftw, in->ftw);
    CHECK_EQ(image->mxcsr, in->mxcsr);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(image->st[i].mantissa, in->st[i].mantissa);
    CHECK(__builtin_memcmp(image->xmm, in->xmm, sizeof in->xmm) == 0);
    if (pv_cpu_has(PV_CPU_AVX))
        CHECK_EQ(*(const uint64_t *)(const void *)(areas[0] + 576), fpu_in(&contexts[0])->vector[0][2]);
}

/* A debugger's write to a saved area is what user code then has. */
static void fpu_area_may_be_edited(void)
{
    struct fpu_image *image = (struct fpu_image *)(void *)areas[0];
    struct fpu_state state;

    make(1);
    load_and_save(&contexts[0]);
    state = *fpu_in(&contexts[0]);
    for (unsigned n = 0; n < 2; n++)
        state.vector[7][n] = state.image.xmm[7][n] = image->xmm[7][n] = conform_random();
    image->mxcsr = state.image.mxcsr = 0x9fc0;
    image->fcw = state.image.fcw = 0x0e7f;
    restored_is(&contexts[0], &state);
}

static void restore(void *area)
{
    pv_cpu_fpu_restore(area);
}

/* XCOMP_BV that is neither 0 nor that of the compacted form: SDM vol. 1, 13.8.1. The FPU stays usable. */
static void fpu_invalid_area_is_a_general_protection_fault(void)
{
    struct pv_frame frame;

    if (!pv_cpu_has(PV_CPU_XSAVE))
        conform_skip("no PV_CPU_XSAVE");
    make(1);
    load_and_save(&contexts[0]);
    __builtin_memcpy(areas[1], areas[0], sizeof areas[0]);
    areas[1][520] = 1;
    CHECK(conform_catch(restore, areas[1], &frame));
    CHECK_EQ(frame.vector, PV_EXCEPTION_GP);
    CHECK_EQ(frame.error, 0);
    CHECK(!pv_frame_from_user(&frame));
    restored_is(&contexts[0], fpu_in(&contexts[0]));
}

const struct conform_test conform_fpu_tests[] = {
    CONFORM_TEST(fpu_area_size_is_in_bounds),
    CONFORM_TEST(fpu_init_gives_the_initial_state),
    CONFORM_TEST(fpu_contexts_are_kept_apart),
    CONFORM_TEST(fpu_state_stays_in_the_registers),
    CONFORM_TEST(fpu_kernel_work_does_not_disturb),
    CONFORM_TEST(fpu_traps_leave_the_registers),
    CONFORM_TEST(fpu_area_copied_is_a_fork),
    CONFORM_TEST(fpu_area_is_all_that_is_written),
    CONFORM_TEST(fpu_area_has_the_format_of_xsave),
    CONFORM_TEST(fpu_area_may_be_edited),
    CONFORM_TEST(fpu_invalid_area_is_a_general_protection_fault),
    {0},
};
