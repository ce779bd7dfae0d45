/* SPDX-License-Identifier: MIT */
/*
 * Gates: "int n on an open gate arrives as vector n with rip behind the instruction; on a closed one #GP,
 * error n*8+2, rip at the instruction. 3 and 4 are always open; int 0x80 leaves rax bits 63:32 undefined."
 */
#include "conform.h"

CONFORM_BLOB(ints, ".skip 8 * 256, 0x90\n"
                   ".globl int3_short, int3_behind\n"
                   "int3_short: int3\n"
                   "int3_behind: nop\n");
extern const char int3_short[], int3_behind[];

static struct conform_user user;

/* Slot n of the code page holds `int n`. */
static void begin(void)
{
    unsigned char *code;

    conform_user_blob(&user, ints);
    code = pv_phys_to_virt(user.code_pa);
    for (unsigned n = 0; n < 256; n++) {
        code[8 * n] = 0xcd;
        code[8 * n + 1] = (unsigned char)n;
    }
}

static void raise(unsigned n, struct pv_frame *frame, struct pv_frame *in)
{
    conform_user_frame(&user, in, ints_start + 8 * n);
    conform_frame_fill(in, n);
    *frame = *in;
    conform_enter(frame);
    if (n == 0x80) {
        frame->rax &= 0xffffffff;
        in->rax &= 0xffffffff;
    }
}

static void check_open(unsigned n)
{
    struct pv_frame frame, in;

    raise(n, &frame, &in);
    conform_check_trap(&frame, n, 0, in.rip + 2);
    conform_check_registers(&frame, &in);
}

/*
 * The error code names the gate: its index times 8, plus 2 for "IDT" (SDM vol. 3, 6.13). QEMU's TCG up to
 * 7.2 gives the byte offset of the 16-byte gate instead, n*16+2.
 */
static void check_closed(unsigned n)
{
    struct pv_frame frame, in;

    raise(n, &frame, &in);
    CHECK_EQ(frame.vector, PV_EXCEPTION_GP);
    if (frame.error != n * 16 + 2)
        CHECK_EQ(frame.error, n * 8 + 2);
    CHECK_EQ(frame.rip, in.rip);
    conform_check_registers(&frame, &in);
}

static void gate_all_are_closed_at_boot(void)
{
    begin();
    for (unsigned n = PV_VECTOR_GATE_FIRST; n <= PV_VECTOR_GATE_LAST; n++)
        check_closed(n);
}

static void gate_open_arrives_as_vector(void)
{
    begin();
    for (unsigned n = PV_VECTOR_GATE_FIRST; n <= PV_VECTOR_GATE_LAST; n++)
        CHECK_EQ(pv_trap_gate_set(n, true), 0);
    for (unsigned n = PV_VECTOR_GATE_FIRST; n <= PV_VECTOR_GATE_LAST; n++)
        check_open(n);
}

/* One at a time, so that opening one does not open its neighbours, and closing closes. */
static void gate_opens_and_closes_alone(void)
{
    begin();
    for (unsigned n = PV_VECTOR_GATE_FIRST; n < PV_VECTOR_GATE_LAST; n++) {
        CHECK_EQ(pv_trap_gate_set(n, true), 0);
        check_open(n);
        check_closed(n + 1);
        CHECK_EQ(pv_trap_gate_set(n, false), 0);
        check_closed(n);
    }
}

static void gate_3_and_4_are_always_open(void)
{
    struct pv_frame frame, in;

    begin();
    check_open(3);
    check_open(4);
    conform_user_frame(&user, &in, int3_short);
    conform_frame_fill(&in, 1);
    frame = in;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_BP, 0, conform_user_va(&user, int3_behind));
    conform_check_registers(&frame, &in);
}

/* User code can neither fake an exception nor an interrupt. */
static void gate_other_vectors_are_closed(void)
{
    begin();
    for (unsigned n = 0; n < 256; n++)
        if ((n < PV_VECTOR_GATE_FIRST && n != 3 && n != 4) || n > PV_VECTOR_GATE_LAST)
            check_closed(n);
}

static void gate_set_refuses_other_vectors(void)
{
    static const unsigned others[] = {0,    2,    3,     4,     14,      0x1f,      0xd0,
                                      0xf8, 0xff, 0x100, 0x120, 0x10020, UINT32_MAX};

    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_EQ(pv_trap_gate_set(others[i], true), -PV_EINVAL);
        CHECK_EQ(pv_trap_gate_set(others[i], false), -PV_EINVAL);
    }
    CHECK_EQ(pv_trap_gate_set(PV_VECTOR_GATE_FIRST, false), 0);
    CHECK_EQ(pv_trap_gate_set(PV_VECTOR_GATE_LAST, false), 0);
}

const struct conform_test conform_gate_tests[] = {
    CONFORM_TEST(gate_all_are_closed_at_boot),
    CONFORM_TEST(gate_open_arrives_as_vector),
    CONFORM_TEST(gate_opens_and_closes_alone),
    CONFORM_TEST(gate_3_and_4_are_always_open),
    CONFORM_TEST(gate_other_vectors_are_closed),
    CONFORM_TEST(gate_set_refuses_other_vectors),
    {0},
};
