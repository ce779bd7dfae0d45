/* SPDX-License-Identifier: MIT */
/*
 * Jumps into gate and stub code at every byte, with registers as the calls there would need them. The two
 * pages are only a way to ask the monitor, so the worst is a #GP for this program; the memory that it has,
 * and nothing else, stays what it was.
 */
#include "attack.h"

CONFORM_BLOB(jumps, "jumps_go: jmp *%r15\n"
                    "jumps_call: call *%r15\n"
                    "ud2\n"
                    "jumps_look: mov (%rsi), %rax\n"
                    "ud2");
extern const char jumps_go[], jumps_call[], jumps_look[];

#define MARK 0x6d61726b6d61726b
#define FREE_VA 0x10000000UL /* nothing is there, and nothing may get there */

struct useful {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
};

static const struct useful useful[] = {
    {9, FREE_VA, 0x1000, 7, 0x11, 3, 0},                  /* mmap: RAM, inside the window */
    {9, POSIX_GATE_PAGE, 0x1000, 7, 0x11, 3, 0},          /* mmap: over the gate */
    {9, FREE_VA, 0x1000, 7, 0x32, ~0UL, 0},               /* mmap: anonymous */
    {11, CONFORM_USER_DATA, 0x1000, 0, 0, 0, 0},          /* munmap */
    {10, POSIX_STUB_PAGE, 0x1000, 7, 0, 0, 0},            /* mprotect */
    {202, CONFORM_USER_DATA, 0, 0, 0, 0, 0},              /* futex: wait */
    {15, 0, 0, 0, 0, 0, 0},                               /* rt_sigreturn */
    {234, 1, 1, 9, 0, 0, 0},                              /* tgkill */
    {62, ~0UL, 9, 0, 0, 0, 0},                            /* kill */
    {16, 3, 0xc0502100, CONFORM_USER_DATA, 0, 0, 0},      /* ioctl: SECCOMP_IOCTL_NOTIF_RECV */
    {16, 3, 0xc0182101, CONFORM_USER_DATA, 0, 0, 0},      /* ioctl: SECCOMP_IOCTL_NOTIF_SEND */
    {77, 3, 0, 0, 0, 0, 0},                               /* ftruncate */
    {POSIX_NR_REPORT, POSIX_REPORT_READY, 0, 0, 0, 0, 0}, /* reports that are none */
    {POSIX_NR_REPORT, POSIX_REPORT_ORDERS, 0, 0, 0, 0, 0},
    {POSIX_NR_REPORT, POSIX_REPORT_GATE, 0, 0, 0, 0, 0},
    {POSIX_NR_REPORT, POSIX_REPORT_SIGNAL, CONFORM_USER_DATA, CONFORM_USER_DATA, 0, 0, 0},
    {POSIX_NR_REPORT, POSIX_REPORT_SIGNAL, POSIX_AREA + POSIX_AREA_SIZE - 8, POSIX_AREA + 0x9000, 0, 0, 0},
    {POSIX_NR_REPORT, POSIX_REPORT_SIGNAL, POSIX_AREA + 0x9000, POSIX_AREA + 0x9400, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0},                                 /* "resume" */
    {1, 0, 0, 0, 0, 0, 0},                                 /* "do the orders" */
    {(uint64_t)-4, 0, 0, 0, 0, 0, 0},                      /* "again" */
    {56, 0x310f00, CONFORM_USER_DATA, 0, 0, 0, 0},         /* clone */
    {46, 6, POSIX_AREA + POSIX_AREA_FPU, 0x4000, 0, 0, 0}, /* sendmsg */
    {436, 0, ~0U, 0, 0, 0, 0},                             /* close_range */
};
#define USEFUL (sizeof useful / sizeof useful[0])

static void set(struct pv_frame *frame, uint64_t target, const struct useful *u, bool call)
{
    attack_frame(frame, call ? jumps_call : jumps_go);
    frame->r15 = target;
    frame->rax = u->rax;
    frame->rdi = u->rdi;
    frame->rsi = u->rsi;
    frame->rdx = u->rdx;
    frame->r10 = u->r10;
    frame->r8 = u->r8;
    frame->r9 = u->r9;
    /* Orders, or a word that is 0: the stub waits for such a one. */
    frame->rbx = target % 32 == 0 ? POSIX_AREA + POSIX_AREA_ORDERS : CONFORM_USER_DATA + 1024;
    frame->r12 = 1;
    frame->r13 = frame->r14 = frame->rbp = CONFORM_USER_DATA;
}

/* What this program had is there, and what it had not is not. */
static void look(void)
{
    struct pv_frame frame;

    attack_frame(&frame, jumps_look);
    frame.rsi = CONFORM_USER_DATA + 2048;
    ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD));
    CHECK_EQ(frame.rax, MARK);
    attack_frame(&frame, jumps_look);
    frame.rsi = FREE_VA;
    ATTACK_GIVES(&frame, ON(PV_EXCEPTION_PF));
    CHECK_EQ(conform_entry.address, FREE_VA);
}

static void begin(void)
{
    ATTACK_BEGIN(jumps);
    attack_patience(10 * PV_NS_PER_MS);
    *(uint64_t *)((char *)conform_user_data(&attack_user) + 2048) = MARK;
}

static void jump_all(uint64_t from, uint64_t to, unsigned each)
{
    for (uint64_t at = from; at < to; at++)
        for (unsigned i = 0; i < each; i++) {
            const struct useful *u = &useful[(at * each + i) % USEFUL];
            struct pv_frame frame;

            set(&frame, at, u, (at + i) % 5 == 0);
            if (!ATTACK_GIVES(&frame, ON_ANY))
                return;
        }
    look();
}

static void attack_jump_gate_every_byte(void)
{
    begin();
    jump_all(POSIX_GATE_PAGE, POSIX_GATE_RET + 16, USEFUL);
    jump_all(POSIX_STUB_PAGE - 32, POSIX_STUB_PAGE, 2);
    attack_end();
}

static void attack_jump_stub_every_byte(void)
{
    begin();
    jump_all(POSIX_STUB_PAGE, POSIX_STUB_FINISH, (unsigned)(2 + 2 * conform_n(1)));
    attack_end();
}

/* The last part of a space's start, which is still there, and the filter's program. */
static void attack_jump_start_every_byte(void)
{
    begin();
    jump_all(POSIX_STUB_FINISH, POSIX_STUB_FILTER, (unsigned)conform_n(1));
    jump_all(POSIX_STUB_PAGE + 0xff0, POSIX_STUB_PAGE + 0x1010, 1);
    attack_end();
}

/* The calls themselves, with all that would be useful. */
static void attack_jump_calls_are_refused(void)
{
    static const uint64_t calls[] = {POSIX_STUB_ORDERED - 2, POSIX_STUB_REPLY - 2, POSIX_GATE_REPLY - 2,
                                     POSIX_STUB_READY_REPLY - 2};

    begin();
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (unsigned n = 0; n < USEFUL; n++) {
            struct pv_frame frame;

            set(&frame, calls[i], &useful[n], false);
            ATTACK_GIVES(&frame, calls[i] == POSIX_STUB_ORDERED - 2 ? ON(PV_EXCEPTION_GP) : ON_ANY);
        }
    look();
    attack_end();
}

const struct conform_test attack_jump_tests[] = {
    CONFORM_TEST(attack_jump_gate_every_byte),
    CONFORM_TEST(attack_jump_stub_every_byte),
    CONFORM_TEST(attack_jump_start_every_byte),
    CONFORM_TEST(attack_jump_calls_are_refused),
    {0},
};
