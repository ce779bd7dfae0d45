/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls of the host from user code, in every way that x86 has. None may be done: all of them are
 * `syscall` or `int $0x80` of the guest, with all registers as they were, or an exception.
 */
#include "attack.h"

CONFORM_BLOB(calls, "calls_syscall: syscall\n"
                    "calls_syscall_behind: hlt\n"
                    "calls_int80: int $0x80\n"
                    "calls_int80_behind: hlt\n"
                    "calls_sysenter: sysenter\n"
                    "hlt\n"
                    "calls_vsyscall: call *%r15\n"
                    "hlt\n"
                    /* rbx: where to in 32-bit code */
                    "calls_32: push $0x23\n"
                    "push %rbx\n"
                    "lretq\n"
                    ".code32\n"
                    "calls_32_int80: int $0x80\n"
                    "hlt\n"
                    "calls_32_sysenter: mov $0x600000, %ebp\n" /* an argument is read from there */
                    "test %eax, (%ebp)\n"
                    "sysenter\n"
                    "hlt\n"
                    "calls_32_syscall: syscall\n"
                    "hlt\n"
                    ".code64");
extern const char calls_syscall[], calls_syscall_behind[], calls_int80[], calls_int80_behind[],
    calls_sysenter[], calls_vsyscall[], calls_32[], calls_32_int80[], calls_32_sysenter[], calls_32_syscall[];

#define NUMBERS 600
#define X32_BIT 0x40000000UL
#define RAM_FD 3

/*
 * Arguments that would do something: RAM's descriptor, an address, a size, all rights, MAP_FIXED |
 * _ANONYMOUS.
 */
static void arguments(struct pv_frame *frame, const char *label, uint64_t nr)
{
    attack_frame(frame, label);
    frame->rax = nr;
    frame->rdi = nr % 2 != 0 ? RAM_FD : CONFORM_USER_DATA;
    frame->rsi = PV_PAGE_SIZE;
    frame->rdx = 7;
    frame->r10 = 0x31;
    frame->r8 = RAM_FD;
    frame->r9 = 0;
}

/* Nothing is done: the call is told to the kernel with its registers, and the data page is as it was. */
static void sweep(uint64_t bits)
{
    struct pv_frame frame;

    for (uint64_t nr = 0; nr < NUMBERS; nr++) {
        arguments(&frame, calls_syscall, nr | bits);
        if (!ATTACK_GIVES(&frame, ON_SYSCALL))
            return;
        CHECK_EQ(frame.rax, nr | bits);
        CHECK_EQ(frame.rip, conform_user_va(&attack_user, calls_syscall_behind));
        CHECK_EQ(frame.rsi, PV_PAGE_SIZE);
    }
}

static void attack_call_64bit_numbers_are_the_guests(void)
{
    ATTACK_BEGIN(calls);
    sweep(0);
    sweep(0xffffffff00000000);
    attack_end();
}

static void attack_call_x32_numbers_are_the_guests(void)
{
    ATTACK_BEGIN(calls);
    sweep(X32_BIT);
    attack_end();
}

static void attack_call_int80_is_a_closed_gate(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(calls);
    for (uint64_t nr = 0; nr < NUMBERS; nr++) {
        arguments(&frame, calls_int80, nr);
        if (!ATTACK_GIVES(&frame, ON(PV_EXCEPTION_GP)))
            break;
        CHECK_EQ(frame.error, 0x80 * 8 + 2);
        CHECK_EQ(frame.rip, conform_user_va(&attack_user, calls_int80));
    }
    attack_end();
}

static void attack_call_int80_is_an_open_gate(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(calls);
    CHECK_EQ(pv_trap_gate_set(0x80, true), 0);
    for (uint64_t nr = 0; nr < NUMBERS; nr += 7) {
        arguments(&frame, calls_int80, nr);
        conform_enter(&frame);
        conform_check_trap(&frame, 0x80, 0, conform_user_va(&attack_user, calls_int80_behind));
    }
    attack_end();
}

static void from_32bit(const char *label, uint64_t set)
{
    struct pv_frame frame;

    for (uint64_t nr = 0; nr < NUMBERS; nr += 3) {
        arguments(&frame, calls_32, nr);
        frame.rbx = conform_user_va(&attack_user, label);
        if (!ATTACK_GIVES(&frame, set))
            return;
    }
}

static void attack_call_32bit_int80_is_a_closed_gate(void)
{
    ATTACK_BEGIN(calls);
    from_32bit(calls_32_int80, ON(PV_EXCEPTION_GP));
    attack_end();
}

/* Intel: enters the host's kernel, which refuses as for `int $0x80`. AMD: #UD. */
static void attack_call_32bit_sysenter_faults(void)
{
    ATTACK_BEGIN(calls);
    from_32bit(calls_32_sysenter, ON(PV_EXCEPTION_GP) | ON(PV_EXCEPTION_UD));
    attack_end();
}

/* Intel: #UD. AMD: enters the host's kernel. */
static void attack_call_32bit_syscall_faults(void)
{
    ATTACK_BEGIN(calls);
    from_32bit(calls_32_syscall, ON(PV_EXCEPTION_GP) | ON(PV_EXCEPTION_UD));
    attack_end();
}

static void attack_call_64bit_sysenter_faults(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(calls);
    for (uint64_t nr = 0; nr < NUMBERS; nr += 3) {
        arguments(&frame, calls_sysenter, nr);
        ATTACK_GIVES(&frame, ON_FAULT);
    }
    attack_end();
}

/* The three entries of the vsyscall page and what lies between: as if it were not there. */
static void attack_call_vsyscall_page_leads_nowhere(void)
{
    struct pv_frame frame;
    uint64_t *data;

    ATTACK_BEGIN(calls);
    data = conform_user_data(&attack_user);
    for (uint64_t at = 0; at < 0x1000; at += at % 0x400 == 0 ? 1 : 0x3ff) {
        arguments(&frame, calls_vsyscall, 96);
        frame.r15 = 0xffffffffff600000 + at;
        frame.rdi = CONFORM_USER_DATA;
        frame.rsi = CONFORM_USER_DATA;
        if (ATTACK_GIVES(&frame, ON(PV_EXCEPTION_PF)))
            CHECK_EQ(conform_entry.address, frame.r15);
    }
    for (unsigned i = 0; i < 512; i++)
        CHECK_EQ(data[i], 0); /* no time of day */
    attack_end();
}

const struct conform_test attack_call_tests[] = {
    CONFORM_TEST(attack_call_64bit_numbers_are_the_guests),
    CONFORM_TEST(attack_call_x32_numbers_are_the_guests),
    CONFORM_TEST(attack_call_int80_is_a_closed_gate),
    CONFORM_TEST(attack_call_int80_is_an_open_gate),
    CONFORM_TEST(attack_call_32bit_int80_is_a_closed_gate),
    CONFORM_TEST(attack_call_32bit_sysenter_faults),
    CONFORM_TEST(attack_call_32bit_syscall_faults),
    CONFORM_TEST(attack_call_64bit_sysenter_faults),
    CONFORM_TEST(attack_call_vsyscall_page_leads_nowhere),
    {0},
};
