/* SPDX-License-Identifier: MIT */
/*
 * What user code can read: its own pages, gate, stub and shared area. Every other address faults, and in
 * what can be read there is nothing of the kernel's, nothing of other programs', and nothing of those that
 * ran there before.
 */
#include "attack.h"

/* rdi: begin, rsi: step, rdx: how many. A fault of the load is skipped by the kernel (rip behind it). */
CONFORM_BLOB(read, "read_each: mov (%rdi), %rax\n"
                   "syscall\n"
                   "read_next: add %rsi, %rdi\n"
                   "dec %rdx\n"
                   "jnz read_each\n"
                   "ud2\n"
                   /* A program with something to hide in all its registers. */
                   "read_secret: movq %r8, %xmm0\n"
                   "movq %r9, %xmm1\n"
                   "punpcklqdq %xmm1, %xmm0\n"
                   "movdqa %xmm0, %xmm15\n"
                   "mov %r10, %rax\n"
                   "mov %r11, %rbx\n"
                   "ud2\n"
                   "read_secret_call: call *%r15\n"
                   "ud2");
extern const char read_each[], read_next[], read_secret[], read_secret_call[];

static uint64_t readable;

static bool is_own(pv_va_t va)
{
    return va - CONFORM_USER_CODE < PV_PAGE_SIZE || va - CONFORM_USER_DATA < PV_PAGE_SIZE ||
           va - CONFORM_USER_STACK < PV_PAGE_SIZE || va - POSIX_GATE_PAGE < 2 * PV_PAGE_SIZE ||
           va - POSIX_AREA < POSIX_AREA_SIZE;
}

/* Read `count` words, `step` apart. */
static void probe(pv_va_t from, uint64_t step, uint64_t count)
{
    struct pv_frame frame;

    attack_frame(&frame, read_each);
    frame.rdi = from;
    frame.rsi = step;
    frame.rdx = count;
    for (;;) {
        uint64_t on = attack_run(&frame);

        if (on == ON_TIMER)
            continue;
        if (on == ON(PV_EXCEPTION_UD))
            return;
        if (on == ON_SYSCALL) { /* it was read */
            CHECK(is_own(frame.rdi) && is_own(frame.rdi + 7));
            CHECK(!attack_is_secret(frame.rax));
            readable++;
        } else {
            REQUIRE(on & ON_FAULT);
            if (!CHECK(!is_own(frame.rdi) || !is_own(frame.rdi + 7)))
                return;
        }
        frame.rip = conform_user_va(&attack_user, read_next);
    }
}

static void attack_read_around_gate_stub_and_area(void)
{
    ATTACK_BEGIN(read);
    readable = 0;
    probe(POSIX_GATE_PAGE - 64 * PV_PAGE_SIZE, PV_PAGE_SIZE, 256);
    CHECK_EQ(readable, 2 + POSIX_AREA_SIZE / PV_PAGE_SIZE);
    probe(CONFORM_USER_CODE - 16 * PV_PAGE_SIZE, PV_PAGE_SIZE, 32);
    probe(POSIX_STUB_PAGE + 0x2000 - 64, 8, 16);
    attack_end();
}

/* Where this process's ancestors and the kernel's process have their things. */
static void attack_read_all_windows(void)
{
    static const pv_va_t places[] = {0,
                                     PV_PAGE_SIZE,
                                     0x10000,
                                     0x600000000000,
                                     0x610000000000,
                                     0x620000000000,
                                     0x6f0000000000,
                                     0x700000000000,
                                     0x710000000000,
                                     0x720000000000,
                                     0x7e0001000000,
                                     0x7ffffffde000,
                                     0x7fffffff0000,
                                     0x800000000000,
                                     0xffff800000000000,
                                     0xffffffff81000000,
                                     0xffffffffff5ff000,
                                     ~0UL - 0xffff};

    ATTACK_BEGIN(read);
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
        probe(places[i], PV_PAGE_SIZE, i == 0 || places[i] > ~0UL - 0x20000 ? 15 : 64);
    attack_end();
}

/* A sample of all that there is: each 16 GiB, and at random. */
static void attack_read_a_sample_of_everything(void)
{
    ATTACK_BEGIN(read);
    probe(0x400000000, 0x400000000, 0x1fff);
    for (uint64_t i = conform_n(2000); i > 0; i--)
        probe((conform_random() & 0x7ffffffff000) | 0x100000000, PV_PAGE_SIZE, 2);
    attack_end();
}

/* Run a program that has the words in its registers when it traps. */
static void leave_behind(const char *label, const uint64_t words[4])
{
    struct pv_frame frame;
    struct conform_user before = attack_user;

    conform_user_frame(&before, &frame, label);
    frame.r8 = words[0];
    frame.r9 = words[1];
    frame.r10 = words[2];
    frame.r11 = words[3];
    frame.r15 = POSIX_GATE_PAGE;
    REQUIRE(attack_run(&frame) != 0);
}

/* Looks for four words, given inverted, so that its own frames do not hold them. rdi: begin, edx: words. */
CONFORM_BLOB(search, "search_go: not %r8\n"
                     "not %r9\n"
                     "not %r10\n"
                     "not %r11\n"
                     "1: mov (%rdi), %rax\n"
                     "cmp %rax, %r8\n"
                     "je search_found\n"
                     "cmp %rax, %r9\n"
                     "je search_found\n"
                     "cmp %rax, %r10\n"
                     "je search_found\n"
                     "cmp %rax, %r11\n"
                     "je search_found\n"
                     "add $8, %rdi\n"
                     "dec %edx\n"
                     "jnz 1b\n"
                     "ud2\n"
                     "search_found: int3");
extern const char search_go[];

/* The program has gone, another one gets its space: in the shared area is nothing of it. */
static void attack_read_nothing_is_left_of_others(void)
{
    static const char *const labels[] = {read_secret, read_secret_call};
    struct pv_frame frame;
    uint64_t words[4];

    for (unsigned i = 0; i < 2; i++) {
        ATTACK_BEGIN(read);
        for (unsigned n = 0; n < 4; n++)
            words[n] = conform_random() | 1;
        leave_behind(labels[i], words);
        pv_mmu_load(conform_info->root);
        conform_root_release(attack_user.root);
        conform_user_blob(&attack_user, search);
        attack_patience(PV_NS_PER_S);
        attack_frame(&frame, search_go);
        frame.rdi = POSIX_AREA;
        frame.rdx = POSIX_AREA_SIZE / 8;
        frame.r8 = ~words[0];
        frame.r9 = ~words[1];
        frame.r10 = ~words[2];
        frame.r11 = ~words[3];
        if (!ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD)))
            conform_show_frame("found at rdi:", &frame);
        attack_end();
    }
}

/* The kernel's secret is in no readable page, the area's last frames included. */
static void attack_read_no_secret_of_the_kernel(void)
{
    ATTACK_BEGIN(read);
    probe(POSIX_GATE_PAGE, 8, 1024);
    probe(POSIX_AREA, 8, POSIX_AREA_SIZE / 8);
    attack_end();
}

const struct conform_test attack_read_tests[] = {
    CONFORM_TEST(attack_read_around_gate_stub_and_area), CONFORM_TEST(attack_read_all_windows),
    CONFORM_TEST(attack_read_a_sample_of_everything),    CONFORM_TEST(attack_read_nothing_is_left_of_others),
    CONFORM_TEST(attack_read_no_secret_of_the_kernel),   {0},
};
