/* SPDX-License-Identifier: MIT */
/*
 * Forged reports: user code writes siginfo and context into the shared area and calls the stub's report
 * itself. The monitor can know no more than that a thread of this space is held; so whatever is told has to
 * be something that the program could have brought about, and may neither hurt the kernel nor keep
 * interrupts from it.
 */
#include "attack.h"

/* The data page goes to r14 in the area; then to r15 in the stub. */
CONFORM_BLOB(forge, "forge_go: mov $0x600000, %esi\n"
                    "mov %r14, %rdi\n"
                    "mov $512, %ecx\n"
                    "rep movsq\n"
                    "mov %r12, %rsi\n"
                    "mov %r13, %rdx\n"
                    "mov %rbx, %rdi\n"
                    "jmp *%r15");
extern const char forge_go[];

#define FORGED (POSIX_AREA + 0x10000) /* page in area.stack */
#define SEND (POSIX_STUB_REPLY - 7)   /* mov $NR, %eax; syscall */
#define SIGINFO 0
#define CONTEXT 512
#define SIGILL 4
#define SIGBUS 7
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGSYS 31
/*
 * Words of a context: its first general register, and what comes behind them (asm/sigcontext.h,
 * sys/ucontext.h).
 */
#define CONTEXT_REGS (CONTEXT / 8 + 5)
enum {
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    RDI,
    RSI,
    RBP,
    RBX,
    RDX,
    RAX,
    RCX,
    RSP,
    RIP,
    EFL,
    CSGSFS,
    ERR,
    TRAPNO,
    OLDMASK,
    CR2,
    FPSTATE
};

static uint64_t *words;

static void begin(void)
{
    ATTACK_BEGIN(forge);
    words = conform_user_data(&attack_user);
}

/* A forged signal, otherwise empty; the caller changes words[] and runs the frame. */
static void forge(struct pv_frame *frame, int number, uint64_t trapno)
{
    __builtin_memset(words, 0, PV_PAGE_SIZE);
    *(int *)words = number;
    words[CONTEXT_REGS + TRAPNO] = trapno;
    words[CONTEXT_REGS + RIP] = CONFORM_USER_CODE;
    words[CONTEXT_REGS + RSP] = CONFORM_USER_STACK_TOP;
    attack_frame(frame, forge_go);
    frame->rbx = POSIX_REPORT_SIGNAL;
    frame->r12 = FORGED + SIGINFO;
    frame->r13 = FORGED + CONTEXT;
    frame->r14 = FORGED;
    frame->r15 = SEND;
}

/* Every signal with every exception: a trap of this program's, and never one that it could not raise. */
static void attack_forge_signals_are_the_programs_own(void)
{
    struct pv_frame frame;

    begin();
    for (int number = 0; number < 70; number++)
        for (uint64_t trapno = 0; trapno < 34; trapno++) {
            forge(&frame, number, trapno);
            words[CONTEXT_REGS + RIP] = trapno % 2 != 0 ? 0x123456 : CONFORM_USER_CODE;
            words[CONTEXT_REGS + ERR] = (uint64_t)number * 0x1111111111111111;
            words[CONTEXT_REGS + CR2] = number % 3 == 0 ? CONFORM_USER_DATA
                                                        : 0x610000000000 + (uint64_t)number * 4096;
            if (!ATTACK_GIVES(&frame,
                              ON_ANY & ~ON(PV_EXCEPTION_NMI) & ~ON(PV_EXCEPTION_DF) & ~ON(PV_EXCEPTION_MC)))
                return;
        }
    attack_end();
}

/* "The host has no memory left" is not the program's to say. */
static void attack_forge_no_memory_is_not_believed(void)
{
    struct pv_frame frame;

    begin();
    for (unsigned i = 0; i < 8; i++) {
        forge(&frame, SIGBUS, PV_EXCEPTION_PF);
        words[CONTEXT_REGS + CR2] = i % 2 != 0 ? CONFORM_USER_DATA : conform_random();
        words[CONTEXT_REGS + ERR] = PV_PF_U | (i & PV_PF_W);
        ATTACK_GIVES(&frame, ON_ANY);
    }
    attack_end();
}

/* Pointers to extended state: inside of the area, at its edges, and such that adding a size goes around. */
static void attack_forge_state_pointers_stay_inside(void)
{
    static const uint64_t bases[] = {0,
                                     POSIX_AREA,
                                     POSIX_AREA + POSIX_AREA_STACK,
                                     POSIX_AREA + POSIX_AREA_SIZE,
                                     POSIX_AREA - 0x100000000,
                                     POSIX_AREA + 0x100000000,
                                     1UL << 63,
                                     FORGED + 1024,
                                     0x720000000000};
    struct pv_frame frame;

    begin();
    for (unsigned b = 0; b < sizeof bases / sizeof bases[0]; b++)
        for (uint64_t off = 0; off < 0x3000; off += 64)
            for (int sign = -1; sign <= 1; sign += 2) {
                forge(&frame, SIGSEGV, PV_EXCEPTION_UD);
                words[CONTEXT_REGS + FPSTATE] = bases[b] + off * (uint64_t)sign;
                if (!ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD) | ON(PV_EXCEPTION_GP)))
                    return;
                /* Go on with it, so that it is used. */
                frame.rip = conform_user_va(&attack_user, forge_go);
                frame.r15 = CONFORM_USER_DATA;
                ATTACK_GIVES(&frame, ON_FAULT);
            }
    attack_end();
}

/* Where siginfo and context are: at each edge of the area, outside, crooked. */
static void attack_forge_report_pointers_stay_inside(void)
{
    static const uint64_t bases[] = {POSIX_AREA + POSIX_AREA_STACK,
                                     POSIX_AREA + POSIX_AREA_SIZE,
                                     0,
                                     1UL << 47,
                                     ~0UL & ~7UL,
                                     POSIX_AREA - 0x20000,
                                     0x720000000000,
                                     0x710000000000};
    struct pv_frame frame;

    begin();
    for (unsigned b = 0; b < sizeof bases / sizeof bases[0]; b++)
        for (int off = -1100; off <= 1100; off += 20) {
            forge(&frame, SIGSEGV, PV_EXCEPTION_UD);
            if (off % 3 == 0)
                frame.r12 = bases[b] + (uint64_t)(int64_t)off;
            else
                frame.r13 = bases[b] + (uint64_t)(int64_t)off;
            if (!ATTACK_GIVES(&frame, ON_ANY))
                return;
        }
    attack_end();
}

/*
 * Kicks that never were, in every place of the stub; one of them says "I was about to report", again and
 * again. The kernel's timer has to come through: here, or the space is ended.
 */
static void attack_forge_kicks_do_not_keep_the_kernel_out(void)
{
    struct pv_frame frame;

    begin();
    attack_patience(20 * PV_NS_PER_MS);
    forge(&frame, SIGUSR1, 0);
    words[CONTEXT_REGS + RIP] = SEND; /* "resumes" there with these registers: the same report */
    words[CONTEXT_REGS + RDI] = POSIX_REPORT_SIGNAL;
    words[CONTEXT_REGS + RSI] = FORGED + SIGINFO;
    words[CONTEXT_REGS + RDX] = FORGED + CONTEXT;
    ATTACK_GIVES(&frame, ON_TIMER | ON(PV_EXCEPTION_GP));
    attack_patience(3 * PV_NS_PER_MS);
    for (uint64_t at = POSIX_GATE_PAGE; at < POSIX_STUB_FILTER; at += at == POSIX_GATE_END ? 0xf00 : 1)
        for (unsigned i = 0; i < 3; i++) {
            forge(&frame, SIGUSR1, 0);
            words[CONTEXT_REGS + RIP] = at;
            words[CONTEXT_REGS + RAX] = i == 2 ? (uint64_t)-4 : i;
            words[CONTEXT_REGS + RSP] = FORGED - 64;
            if ((i == 0 && at % 16 != 0) || conform_random() % (conform_n(1) > 1 ? 1 : 3) != 0)
                continue;
            if (!ATTACK_GIVES(&frame, ON_ANY))
                return;
        }
    attack_end();
}

/* Stays in the stub without ever reporting: kicked, and ended if that does not help. */
static void attack_forge_spin_in_the_stub_is_ended(void)
{
    struct pv_frame frame;

    begin();
    for (unsigned i = 0; i < 3; i++) {
        forge(&frame, SIGUSR1, 0);
        words[CONTEXT_REGS + RIP] = POSIX_STUB_READY_REPLY; /* waits for a word of the area to be 0 */
        words[CONTEXT_REGS + RBX] = FORGED;
        words[CONTEXT_REGS + RAX] = i;
        ATTACK_GIVES(&frame, ON_TIMER | ON(PV_EXCEPTION_GP));
    }
    attack_end();
}

/* Anything at all. */
static void attack_forge_random_reports(void)
{
    static const int numbers[] = {SIGILL, SIGBUS, SIGUSR1, SIGSEGV, SIGSYS, 5, 8};
    struct pv_frame frame;

    begin();
    attack_patience(PV_NS_PER_MS);
    for (uint64_t i = conform_n(3000); i > 0; i--) {
        forge(&frame, numbers[conform_random() % 7], conform_random() % 24);
        for (unsigned n = 0; n < 4; n++)
            words[CONTEXT_REGS + conform_random() % 24] = conform_random() >> conform_random() % 64;
        for (unsigned n = 0; n < 2; n++)
            words[CONTEXT_REGS + conform_random() % 24] = POSIX_GATE_PAGE + conform_random() % 0x40000;
        frame.rbx = conform_random() % 8 == 0 ? conform_random() % 5 : POSIX_REPORT_SIGNAL;
        if (conform_random() % 4 == 0)
            frame.r15 = POSIX_GATE_PAGE + conform_random() % 0x1200;
        if (!ATTACK_GIVES(&frame,
                          ON_ANY & ~ON(PV_EXCEPTION_NMI) & ~ON(PV_EXCEPTION_DF) & ~ON(PV_EXCEPTION_MC)))
            return;
    }
    attack_end();
}

const struct conform_test attack_forge_tests[] = {
    CONFORM_TEST(attack_forge_signals_are_the_programs_own),
    CONFORM_TEST(attack_forge_no_memory_is_not_believed),
    CONFORM_TEST(attack_forge_state_pointers_stay_inside),
    CONFORM_TEST(attack_forge_report_pointers_stay_inside),
    CONFORM_TEST(attack_forge_kicks_do_not_keep_the_kernel_out),
    CONFORM_TEST(attack_forge_spin_in_the_stub_is_ended),
    CONFORM_TEST(attack_forge_random_reports),
    {0},
};
