/* SPDX-License-Identifier: MIT */
/*
 * The CPU: identity, cycle counter, features, and the base registers: "The GS base is the port's own in
 * kernel mode; user code sees another one", "the backend swaps them on every crossing", and the FS base that
 * pv_cpu_user_tls_set() gives user code.
 */
#include "conform.h"

static void cpu_id_is_below_count(void)
{
    CHECK_EQ(pv_cpu_id(), 0);
    CHECK(pv_cpu_count() >= 1);
    CHECK(pv_cpu_count() <= conform_info->cpu_count);
    CHECK(pv_cpu_id() < conform_info->cpu_count);
}

static void cpu_relax_returns(void)
{
    for (unsigned i = 0; i < 1000; i++)
        pv_cpu_relax();
    CHECK(!pv_irq_enabled());
}

static void cpu_cycles_grow(void)
{
    uint64_t first = pv_cpu_cycles(), last = first;

    for (uint64_t i = 0; i < conform_n(10000); i++) {
        uint64_t now = pv_cpu_cycles();

        CHECK(now >= last);
        last = now;
    }
    CHECK(last > first);
}

/* Cycles per 10 ms twice; the bounds of each reading are taken into account: the host may interfere. */
static void cpu_cycles_have_constant_rate_if_said(void)
{
    uint64_t low[2], high[2];

    if (!pv_cpu_has(PV_CPU_STEADY_TSC))
        return;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t t0 = pv_time_now(), c0 = pv_cpu_cycles(), t1 = pv_time_now(), t2, c1, t3;

        do {
            t2 = pv_time_now();
            c1 = pv_cpu_cycles();
            t3 = pv_time_now();
        } while (t2 < t1 + 10 * PV_NS_PER_MS);
        /* Cycles per microsecond, at least and at most. */
        low[i] = (c1 - c0) * 1000 / (t3 - t0);
        high[i] = (c1 - c0) * 1000 / (t2 - t1);
    }
    CHECK(low[0] <= high[1] + high[1] / 50 + 1);
    CHECK(low[1] <= high[0] + high[0] / 50 + 1);
}

static void cpu_fpu_size_follows_rules(void)
{
    size_t size = pv_cpu_fpu_size();

    CHECK_EQ(size % 64, 0);
    CHECK(size >= 576);
    CHECK(size <= 16384);
    CHECK_EQ(pv_cpu_fpu_size(), size);
}

static void cpu_features_are_consistent(void)
{
    CHECK_EQ(pv_cpu_has(PV_CPU_XSAVE), pv_cpu_fpu_size() > 576);
    if (pv_cpu_has(PV_CPU_AVX512))
        CHECK(pv_cpu_has(PV_CPU_AVX));
    if (pv_cpu_has(PV_CPU_AVX))
        CHECK(pv_cpu_has(PV_CPU_XSAVE));
}

CONFORM_BLOB(features, ".globl feature_avx, feature_avx512, feature_rdrand\n"
                       "feature_avx: vxorps %ymm0, %ymm0, %ymm0\n syscall\n"
                       "feature_avx512: .byte 0x62, 0xf1, 0x7c, 0x48, 0x57, 0xc0\n" /* vxorps %zmm0 */
                       "syscall\n"
                       "feature_rdrand: rdrand %rax\n syscall\n");
extern const char feature_avx[], feature_avx512[], feature_rdrand[];

static void expect_works(enum pv_cpu_feature feature, const char *label)
{
    struct conform_user user;
    struct pv_frame frame;

    if (!pv_cpu_has(feature))
        return;
    conform_user_blob(&user, features);
    conform_user_frame(&user, &frame, label);
    conform_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
}

static void cpu_features_said_work_in_user_mode(void)
{
    expect_works(PV_CPU_AVX, feature_avx);
    expect_works(PV_CPU_AVX512, feature_avx512);
    expect_works(PV_CPU_RDRAND, feature_rdrand);
}

static void cpu_rdrand_works_in_kernel_mode_if_said(void)
{
    uint64_t a = 0, b = 0;

    if (!pv_cpu_has(PV_CPU_RDRAND))
        return;
    __asm__ volatile("rdrand %0" : "+r"(a)::"cc");
    __asm__ volatile("rdrand %0" : "+r"(b)::"cc");
    CHECK(a != b);
}

static uint64_t per_cpu[2][8] = {{11, 12}, {21, 22}};

static uint64_t gs_word(void)
{
    uint64_t value;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(value)::"memory");
    return value;
}

static void cpu_base_is_gs_base(void)
{
    for (unsigned i = 0; i < 4; i++) {
        pv_cpu_base_set(per_cpu[i % 2]);
        CHECK_EQ(pv_cpu_base(), (uint64_t)per_cpu[i % 2]);
        CHECK_EQ(gs_word(), per_cpu[i % 2][0]);
    }
    __asm__ volatile("movq %0, %%gs:8" ::"r"(33UL) : "memory");
    CHECK_EQ(*(volatile uint64_t *)&per_cpu[1][1], 33);
    pv_cpu_base_set(NULL);
    CHECK_EQ(pv_cpu_base(), 0);
}

CONFORM_BLOB(bases, ".globl base_syscall, base_int, base_fault, base_spin, base_load_gs\n"
                    "base_syscall: syscall\n"
                    "base_int: int $0x20\n"
                    "base_fault: ud2\n"
                    "base_spin: jmp base_spin\n"
                    "base_load_gs: movl $0x2b, %eax\n"
                    "movl %eax, %gs\n movl %eax, %ds\n movl %eax, %es\n syscall\n"
                    "base_null: .globl base_null\n"
                    "xorl %eax, %eax\n movl %eax, %gs\n movl %eax, %ds\n movl %eax, %es\n syscall\n"
                    ".globl tls_syscall, tls_again, tls_loop, tls_bad\n"
                    "tls_syscall: movq %fs:0, %rax\n syscall\n"
                    "tls_again: movq %fs:8, %rax\n int $0x20\n"
                    "tls_loop: cmpq %rdi, %fs:0\n je tls_loop\n"
                    "tls_bad: ud2\n");
extern const char base_syscall[], base_int[], base_fault[], base_spin[], base_load_gs[], base_null[],
    tls_syscall[], tls_again[], tls_loop[], tls_bad[];

static struct conform_user user;
static unsigned seen_bases;

/* In the handler, before anything else has happened. */
static bool check_base(struct pv_frame *frame)
{
    (void)frame;
    CHECK_EQ(gs_word(), per_cpu[0][0]);
    CHECK_EQ(pv_cpu_base(), (uint64_t)per_cpu[0]);
    seen_bases++;
    return false;
}

static void cpu_base_holds_in_traps_from_user(void)
{
    const char *const labels[] = {base_syscall, base_int, base_fault, base_spin, base_load_gs, base_null,
                                  base_syscall, base_spin};

    conform_user_blob(&user, bases);
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    pv_cpu_base_set(per_cpu[0]);
    conform_expect_trap(check_base);
    seen_bases = 0;
    for (unsigned i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        struct pv_frame frame;

        conform_user_frame(&user, &frame, labels[i]);
        if (labels[i] == base_spin)
            pv_time_oneshot(pv_time_now() + 100 * PV_NS_PER_US);
        conform_enter(&frame);
        CHECK(pv_frame_from_user(&frame));
        CHECK_EQ(gs_word(), per_cpu[0][0]);
        CHECK_EQ(seen_bases, i + 1);
    }
}

static bool check_base_and_go_on(struct pv_frame *frame)
{
    check_base(frame);
    frame->rip += frame->vector == PV_EXCEPTION_UD ? 2 : 0;
    return true;
}

/* Nothing is swapped when the kernel interrupts itself, however deep. */
static void cpu_base_holds_in_traps_from_kernel(void)
{
    pv_cpu_base_set(per_cpu[0]);
    conform_expect_trap(check_base_and_go_on);
    seen_bases = 0;
    for (unsigned i = 0; i < 3; i++) {
        __asm__ volatile("ud2");
        pv_trap_raise(0x20);
        pv_time_oneshot(0);
        pv_cpu_idle();
        pv_irq_disable();
        CHECK_EQ(gs_word(), per_cpu[0][0]);
    }
    CHECK(seen_bases >= 9);
}

static void cpu_user_tls_reads_back(void)
{
    static const pv_va_t values[] = {CONFORM_USER_DATA, 0, 0x7ffffff0, 0x12345678000, PV_USER_END - 8};

    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        pv_cpu_user_tls_set(values[i]);
        CHECK_EQ(pv_cpu_user_tls(), values[i]);
    }
}

static void cpu_user_tls_is_fs_base_of_user_code(void)
{
    struct pv_frame frame;
    uint64_t *data;

    conform_user_blob(&user, bases);
    CHECK_EQ(pv_trap_gate_set(0x20, true), 0);
    data = conform_user_data(&user);
    for (unsigned i = 0; i < 64; i++)
        data[i] = 1000 + i;
    for (unsigned i = 0; i < 32; i += 8) {
        pv_cpu_user_tls_set(CONFORM_USER_DATA + i * 8);
        conform_user_frame(&user, &frame, tls_syscall);
        conform_enter(&frame);
        CHECK_EQ(frame.rax, 1000 + i);
        conform_enter(&frame);
        CHECK_EQ(frame.vector, 0x20);
        CHECK_EQ(frame.rax, 1001 + i);
        CHECK_EQ(pv_cpu_user_tls(), CONFORM_USER_DATA + i * 8);
    }
}

/* It survives interrupts and traps of the kernel, and another user context in between. */
static void cpu_user_tls_is_kept_across_traps(void)
{
    struct pv_frame frames[2];
    uint64_t *data;

    conform_user_blob(&user, bases);
    data = conform_user_data(&user);
    for (unsigned i = 0; i < 2; i++) {
        data[i * 8] = 77 + i;
        conform_user_frame(&user, &frames[i], tls_loop);
        frames[i].rdi = 77 + i;
    }
    for (unsigned i = 0; i < 50; i++) {
        struct pv_frame *frame = &frames[i % 2];

        pv_cpu_user_tls_set(CONFORM_USER_DATA + i % 2 * 64);
        pv_time_oneshot(pv_time_now() + 50 * PV_NS_PER_US);
        conform_enter(frame);
        CHECK_EQ(frame->vector, PV_VECTOR_TIMER);
        CHECK_EQ(pv_cpu_user_tls(), CONFORM_USER_DATA + i % 2 * 64);
    }
}

const struct conform_test conform_cpu_tests[] = {
    CONFORM_TEST(cpu_id_is_below_count),
    CONFORM_TEST(cpu_relax_returns),
    CONFORM_TEST(cpu_cycles_grow),
    CONFORM_TEST(cpu_cycles_have_constant_rate_if_said),
    CONFORM_TEST(cpu_fpu_size_follows_rules),
    CONFORM_TEST(cpu_features_are_consistent),
    CONFORM_TEST(cpu_features_said_work_in_user_mode),
    CONFORM_TEST(cpu_rdrand_works_in_kernel_mode_if_said),
    CONFORM_TEST(cpu_base_is_gs_base),
    CONFORM_TEST(cpu_base_holds_in_traps_from_kernel),
    CONFORM_TEST(cpu_base_holds_in_traps_from_user),
    CONFORM_TEST(cpu_user_tls_reads_back),
    CONFORM_TEST(cpu_user_tls_is_fs_base_of_user_code),
    CONFORM_TEST(cpu_user_tls_is_kept_across_traps),
    {0},
};
