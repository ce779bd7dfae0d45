/* SPDX-License-Identifier: MIT */
/*
 * User code with registers in states that no compiler makes: stack pointers to everywhere, flags, segment
 * bases, protection keys, garbage as extended state. And code that never traps.
 */
#include "attack.h"

CONFORM_BLOB(state, "state_ud2: ud2\n"
                    "state_syscall: syscall\n"
                    "hlt\n"
                    "state_gate: jmp *%r15\n"
                    "state_push: push %rax\n"
                    "ud2\n"
                    "state_fault: mov 0, %rax\n"
                    "state_flags: push %rax\n"
                    "popfq\n"
                    "state_flags_set: syscall\n"
                    "hlt\n"
                    "state_flags_gate: push %rax\n"
                    "popfq\n"
                    "call *%r15\n"
                    "ud2\n"
                    "state_gs: wrgsbase %rax\n"
                    "call *%r15\n"
                    "ud2\n"
                    "state_fs: wrfsbase %rax\n"
                    "syscall\n"
                    "mov %fs:0, %rax\n"
                    "ud2\n"
                    "state_pkru: xor %ecx, %ecx\n"
                    "xor %edx, %edx\n"
                    ".byte 0x0f, 0x01, 0xef\n" /* wrpkru */
                    "syscall\n"
                    "push %rax\n"
                    "mov (%rsp), %rax\n"
                    "ud2\n"
                    "state_segments: mov $0x2b, %eax\n"
                    "mov %eax, %ds\n"
                    "mov %eax, %es\n"
                    "xor %eax, %eax\n"
                    "mov %eax, %fs\n"
                    "mov %eax, %gs\n"
                    "mov %eax, %ds\n"
                    "call *%r15\n"
                    "ud2\n"
                    "state_spin: jmp state_spin\n"
                    /* Extended state from the data page, straight and by way of the stub. */
                    "state_xrstor: mov $-1, %eax\n"
                    "mov $-1, %edx\n"
                    "xrstor64 (%rsi)\n"
                    "syscall\n"
                    "ud2\n"
                    "state_scribble: mov $0x7e0000010000, %rdi\n"
                    "mov $0x4000, %ecx\n"
                    "rep stosq\n"
                    "mov %rbx, %rax\n"
                    "syscall\n"
                    "ud2");
extern const char state_ud2[], state_syscall[], state_gate[], state_push[], state_fault[], state_flags[],
    state_flags_gate[], state_gs[], state_fs[], state_pkru[], state_segments[], state_spin[], state_xrstor[],
    state_scribble[];

static const uint64_t places[] = {
    0,
    8,
    0xffff,
    0x10000,
    CONFORM_USER_CODE,
    CONFORM_USER_CODE + 64,
    0x12340000,
    PV_USER_END - 8,
    PV_USER_END,
    0x600000000000,
    0x610000000000,
    0x6f0000000000,
    0x700000000000,
    0x710000000000,
    0x720000000000,
    POSIX_GATE_PAGE,
    POSIX_GATE_PAGE + 0x800,
    POSIX_STUB_PAGE + 0x800,
    POSIX_STUB_PAGE + 0x1000,
    POSIX_AREA,
    POSIX_AREA + 8,
    POSIX_AREA + 0x1000,
    POSIX_AREA + POSIX_AREA_STACK - 8,
    POSIX_AREA + POSIX_AREA_STACK,
    POSIX_AREA + POSIX_AREA_STACK + 8,
    POSIX_AREA + POSIX_AREA_STACK + 128,
    POSIX_AREA + POSIX_AREA_STACK + 256,
    POSIX_AREA + POSIX_AREA_STACK + 2048,
    POSIX_AREA + 0x9000,
    POSIX_AREA + 0xa001,
    POSIX_AREA + 0x18000,
    POSIX_AREA + POSIX_AREA_SIZE - 8,
    POSIX_AREA + POSIX_AREA_SIZE,
    0x7ffffffff000,
    0x800000000000,
    0x1234567812345678,
    0xffff800000000000,
    0xffff888000000000,
    0xffffffff81000000,
    0xffffffffff600000,
    ~0UL,
};
#define PLACES (sizeof places / sizeof places[0])

/* A trap as it would be with any stack, or the host could not store its frame: the end of the space, #GP. */
static void attack_state_stack_anywhere(void)
{
    static const struct {
        const char *label;
        uint64_t on;
    } codes[] = {{state_ud2, ON(PV_EXCEPTION_UD)},
                 {state_syscall, ON_SYSCALL},
                 {state_push, ON(PV_EXCEPTION_UD) | ON(PV_EXCEPTION_PF) | ON(PV_EXCEPTION_SS)},
                 {state_fault, ON(PV_EXCEPTION_PF)},
                 {state_spin, ON_TIMER},
                 {state_gate, ON_SYSCALL | ON(PV_EXCEPTION_PF) | ON(PV_EXCEPTION_SS)}};
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    for (unsigned c = 0; c < sizeof codes / sizeof codes[0]; c++)
        for (unsigned i = 0; i < PLACES; i++) {
            attack_frame(&frame, codes[c].label);
            frame.rsp = places[i];
            frame.r15 = POSIX_GATE_PAGE;
            ATTACK_GIVES(&frame, codes[c].on | ON(PV_EXCEPTION_GP));
        }
    attack_end();
}

/* Set by the program and by the kernel's frame. A step (TF) is a #DB, an AC with a crooked stack an #AC. */
static void attack_state_flags_do_not_leave(void)
{
    static const uint64_t flags[] = {PV_RFLAGS_TF,
                                     PV_RFLAGS_AC,
                                     PV_RFLAGS_DF,
                                     PV_RFLAGS_NT,
                                     PV_RFLAGS_IOPL,
                                     0x254fd7,
                                     PV_RFLAGS_NT | PV_RFLAGS_DF | PV_RFLAGS_AC,
                                     ~0UL,
                                     1UL << 17,
                                     1UL << 19};
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        uint64_t step = flags[i] & PV_RFLAGS_TF ? ON(PV_EXCEPTION_DB) : 0;

        attack_frame(&frame, state_flags);
        frame.rax = flags[i];
        ATTACK_GIVES(&frame, ON_SYSCALL | step);
        CHECK_EQ(frame.rflags & PV_RFLAGS_NT, 0);
        attack_frame(&frame, state_flags_gate);
        frame.rax = flags[i];
        frame.r15 = POSIX_GATE_PAGE;
        ATTACK_GIVES(&frame, ON_SYSCALL | step);
        frame.rflags |= flags[i];
        ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD) | ON(PV_EXCEPTION_GP) | step);
    }
    attack_end();
}

/* The gate saves to wherever GS leads: that is the program's own loss. */
static void attack_state_bases_anywhere(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    for (unsigned i = 0; i < PLACES; i++) {
        attack_frame(&frame, state_gs);
        frame.rax = places[i];
        frame.r15 = POSIX_GATE_PAGE;
        ATTACK_GIVES(&frame, ON_SYSCALL | ON_FAULT);
        attack_frame(&frame, state_fs);
        frame.rax = places[i];
        if (ATTACK_GIVES(&frame, ON_SYSCALL | ON_FAULT) && frame.vector == PV_VECTOR_SYSCALL)
            ATTACK_GIVES(&frame, ON_FAULT);
        /* A base that the kernel loads for it. */
        attack_frame(&frame, state_syscall);
        pv_cpu_user_tls_set(places[i]);
        ATTACK_GIVES(&frame, ON_SYSCALL | ON(PV_EXCEPTION_GP));
        pv_cpu_user_tls_set(0);
    }
    attack_end();
}

/* With all keys denied: the stub's own memory too. Where the CPU has no keys it is #UD. */
static void attack_state_protection_keys(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    for (uint64_t i = 0; i < 4; i++) {
        attack_frame(&frame, state_pkru);
        frame.rax = i == 0 ? 0xffffffff : i == 1 ? 0xaaaaaaaa : i == 2 ? 0x55555555 : 3;
        if (ATTACK_GIVES(&frame, ON_SYSCALL | ON_FAULT | ON_TIMER) && frame.vector == PV_VECTOR_SYSCALL)
            ATTACK_GIVES(&frame, ON_FAULT);
    }
    attack_end();
}

static void attack_state_segments(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    attack_frame(&frame, state_segments);
    frame.r15 = POSIX_GATE_PAGE;
    ATTACK_GIVES(&frame, ON_SYSCALL | ON_FAULT);
    attack_end();
}

/* Extended state that xrstor does not take is #GP here; what it takes stays inside the program. */
static void attack_state_xrstor_of_garbage(void)
{
    uint64_t *data;
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    data = conform_user_data(&attack_user);
    for (uint64_t round = conform_n(200); round > 0; round--) {
        for (unsigned i = 0; i < 512; i++)
            data[i] = conform_random();
        if (round % 2 != 0)
            for (unsigned i = 65; i < 72; i++)
                data[i] = 0;
        if (round % 4 == 1) {
            data[64] &= 7;
            data[3] &= 0xffff;
        }
        attack_frame(&frame, state_xrstor);
        frame.rsi = CONFORM_USER_DATA + (round % 16 == 0 ? 8 : 0);
        if (ATTACK_GIVES(&frame, ON_SYSCALL | ON_FAULT) && frame.vector == PV_VECTOR_SYSCALL)
            ATTACK_GIVES(&frame, ON_FAULT);
    }
    attack_end();
}

/* All of the shared area, in front of a system call and of going on after it. */
static void attack_state_area_of_garbage(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(state);
    for (uint64_t round = conform_n(64); round > 0; round--) {
        attack_frame(&frame, state_scribble);
        frame.rax = round % 8 == 0 ? ~0UL : round % 8 == 1 ? POSIX_AREA : conform_random();
        frame.rbx = round;
        if (ATTACK_GIVES(&frame, ON_SYSCALL)) {
            CHECK_EQ(frame.rax, round);
            ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD));
        }
    }
    attack_end();
}

/* A program that never traps: the timer comes on time, a hundred times. */
static void attack_state_spinning_is_interrupted(void)
{
    struct pv_frame frame;
    uint64_t before;

    ATTACK_BEGIN(state);
    attack_patience(2 * PV_NS_PER_MS);
    before = pv_time_now();
    attack_frame(&frame, state_spin);
    for (unsigned i = 0; i < 100; i++)
        if (!ATTACK_GIVES(&frame, ON_TIMER))
            break;
    CHECK(pv_time_now() - before < 20 * PV_NS_PER_S);
    CHECK_EQ(frame.rip, conform_user_va(&attack_user, state_spin));
    attack_end();
}

const struct conform_test attack_state_tests[] = {
    CONFORM_TEST(attack_state_stack_anywhere),
    CONFORM_TEST(attack_state_flags_do_not_leave),
    CONFORM_TEST(attack_state_bases_anywhere),
    CONFORM_TEST(attack_state_protection_keys),
    CONFORM_TEST(attack_state_segments),
    CONFORM_TEST(attack_state_xrstor_of_garbage),
    CONFORM_TEST(attack_state_area_of_garbage),
    CONFORM_TEST(attack_state_spinning_is_interrupted),
    {0},
};
