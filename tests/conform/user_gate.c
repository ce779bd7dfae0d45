/* SPDX-License-Identifier: MIT */
/*
 * pvops/user.h: the gate page, entered by `call`, is a `syscall` to the kernel: PV_VECTOR_SYSCALL with rip in
 * the gate at its `ret`. rcx and r11 are lost, vector registers and arithmetic flags may be; all others come
 * and go unchanged. The page is in every root, and not for user code to change.
 */
#include "access.h"

CONFORM_BLOB(gate_blob, "gate_call: call *%rcx\n"
                        "gate_behind: int3\n"
                        "gate_elsewhere: int3\n"
                        "gate_loop: mov $0x7e0000000000, %rcx\n"
                        "  call *%rcx\n"
                        "  dec %rbx\n"
                        "  jnz gate_loop\n"
                        "  int3\n");
extern const char gate_call[], gate_behind[], gate_elsewhere[], gate_loop[];

#define ARITHMETIC \
    (PV_RFLAGS_CF | PV_RFLAGS_PF | PV_RFLAGS_AF | PV_RFLAGS_ZF | PV_RFLAGS_SF | PV_RFLAGS_OF | PV_RFLAGS_RF)

static struct conform_user user;

static bool in_gate(pv_va_t va)
{
    return va >= PV_USER_GATE && va < PV_USER_GATE + PV_PAGE_SIZE;
}

/* Enter at gate_call with all registers filled; *sent is what was sent. */
static void call_gate(struct pv_frame *frame, struct pv_frame *sent, uint64_t seed)
{
    conform_user_frame(&user, frame, gate_call);
    conform_frame_fill(frame, seed);
    frame->rcx = PV_USER_GATE;
    *sent = *frame;
    conform_user_enter(frame);
}

/* As sent but for what the gate may clobber, and `pushed` bytes on the stack. */
static void check_preserved(const struct pv_frame *frame, const struct pv_frame *sent, uint64_t pushed)
{
    struct pv_frame expected = *sent;

    expected.rcx = frame->rcx;
    expected.r11 = frame->r11;
    expected.rsp -= pushed;
    CHECK_EQ(frame->rflags & ~ARITHMETIC, sent->rflags & ~ARITHMETIC);
    expected.rflags = frame->rflags;
    conform_check_registers(frame, &expected);
}

static void user_gate_arrives_as_a_system_call(void)
{
    struct pv_frame frame, sent;
    uint64_t *stack;

    conform_user_blob(&user, gate_blob);
    stack = (uint64_t *)pv_phys_to_virt(user.stack_pa + PV_PAGE_SIZE);
    for (uint64_t n = 0; n < conform_n(20); n++) {
        call_gate(&frame, &sent, n);
        CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
        CHECK_EQ(frame.error, 0);
        CHECK(in_gate(frame.rip));
        check_preserved(&frame, &sent, 8);
        CHECK_EQ(stack[-1], conform_user_va(&user, gate_behind));
    }
}

/* Returning to the frame, with a result in rax, goes on behind the call. */
static void user_gate_returns_behind_the_call(void)
{
    struct pv_frame frame, sent;

    conform_user_blob(&user, gate_blob);
    for (uint64_t n = 0; n < conform_n(20); n++) {
        call_gate(&frame, &sent, n);
        REQUIRE(frame.vector == PV_VECTOR_SYSCALL);
        frame.rax = sent.rax = ~n;
        conform_user_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_BP, 0, conform_user_va(&user, gate_behind) + 1);
        check_preserved(&frame, &sent, 0);
    }
}

/* All registers but those two are the kernel's to change, as in any frame. */
static void user_gate_returns_what_the_kernel_put_there(void)
{
    struct pv_frame frame, sent;

    conform_user_blob(&user, gate_blob);
    call_gate(&frame, &sent, 1);
    REQUIRE(frame.vector == PV_VECTOR_SYSCALL);
    conform_frame_fill(&sent, 99);
    __builtin_memcpy(&frame, &sent, 15 * sizeof(uint64_t));
    conform_user_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_BP, 0, conform_user_va(&user, gate_behind) + 1);
    check_preserved(&frame, &sent, 0);
}

/* What the rip of the frame points to is a `ret`: it follows the user's stack. */
static void user_gate_rip_is_at_a_ret(void)
{
    struct pv_frame frame, sent;
    uint64_t *stack;

    conform_user_blob(&user, gate_blob);
    stack = (uint64_t *)pv_phys_to_virt(user.stack_pa + PV_PAGE_SIZE);
    call_gate(&frame, &sent, 2);
    REQUIRE(frame.vector == PV_VECTOR_SYSCALL);
    stack[-1] = conform_user_va(&user, gate_elsewhere);
    conform_user_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_BP, 0, conform_user_va(&user, gate_elsewhere) + 1);
    CHECK_EQ(frame.rsp, CONFORM_USER_STACK_TOP);
}

/* A handler that answers and returns, thousands of times, with ticks in between. */
static volatile uint64_t calls;

static bool answer(struct pv_frame *frame)
{
    if (frame->vector == PV_VECTOR_TIMER)
        return conform_count_timer(frame);
    if (frame->vector != PV_VECTOR_SYSCALL)
        return false;
    calls++;
    frame->rax += frame->rbx;
    return true;
}

static void user_gate_called_in_a_loop(void)
{
    const uint64_t count = conform_n(2000);
    struct pv_frame frame;

    conform_user_blob(&user, gate_blob);
    conform_expect_trap(answer);
    calls = 0;
    conform_user_frame(&user, &frame, gate_loop);
    frame.rbx = count;
    pv_time_periodic(PV_NS_PER_MS);
    conform_user_enter(&frame);
    CHECK_EQ(frame.vector, PV_EXCEPTION_BP);
    CHECK_EQ(calls, count);
    CHECK_EQ(frame.rax, count * (count + 1) / 2);
    CHECK_EQ(frame.rsp, CONFORM_USER_STACK_TOP);
}

/* As fork does it: the frame goes on in another address space, twice. */
static void user_gate_frame_continues_in_another_root(void)
{
    struct conform_user parent, child;
    struct pv_frame frame, copy, sent;

    conform_user_blob(&parent, gate_blob);
    conform_user_blob(&child, gate_blob);
    user = parent;
    pv_mmu_load(parent.root);
    call_gate(&frame, &sent, 3);
    REQUIRE(frame.vector == PV_VECTOR_SYSCALL);
    copy = frame;
    __builtin_memcpy(pv_phys_to_virt(child.stack_pa), pv_phys_to_virt(parent.stack_pa), PV_PAGE_SIZE);
    pv_mmu_load(child.root);
    copy.rax = 0;
    conform_user_enter(&copy);
    conform_check_trap(&copy, PV_EXCEPTION_BP, 0, conform_user_va(&user, gate_behind) + 1);
    CHECK_EQ(copy.rax, 0);
    CHECK_EQ(copy.rbx, sent.rbx);
    pv_mmu_load(parent.root);
    frame.rax = 1234;
    conform_user_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_BP, 0, conform_user_va(&user, gate_behind) + 1);
    CHECK_EQ(frame.rax, 1234);
    CHECK_EQ(frame.rsp, CONFORM_USER_STACK_TOP);
}

/* Also in the boot root, and in roots made before and after the first call. */
static void user_gate_is_in_every_root(void)
{
    pv_pa_t roots[4];
    struct pv_frame frame, sent;
    pv_pte_t *link;

    conform_user_blob(&user, gate_blob);
    link = conform_walk(user.root, CONFORM_USER_CODE, 4);
    for (unsigned n = 0; n < 4; n++) {
        roots[n] = n == 0 ? conform_info->root : conform_root();
        pv_pte_set(roots[n], CONFORM_USER_CODE, conform_walk(roots[n], CONFORM_USER_CODE, 4),
                   pv_pte_get(link));
        pv_mmu_load(roots[n]);
        call_gate(&frame, &sent, n);
        CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
        CHECK(in_gate(frame.rip));
    }
    pv_mmu_load(user.root);
    pv_pte_set(roots[0], CONFORM_USER_CODE, conform_walk(roots[0], CONFORM_USER_CODE, 4), 0);
}

/* Whether tables or the backend map it is not said, so P may be either. */
static void user_gate_cannot_be_written(void)
{
    static const unsigned offsets[] = {0, 8, 2048, 4088};
    uint64_t access = PV_PF_U | PV_PF_W, value = 0;
    struct pv_frame frame, sent;

    access_user_init();
    for (unsigned i = 0; i < 4; i++) {
        CHECK(!access_try(PV_USER_GATE + offsets[i], access, &value));
        CHECK_EQ(access_frame.vector, PV_EXCEPTION_PF);
        CHECK_EQ(access_frame.error | PV_PF_P, PV_PF_P | access);
        CHECK_EQ(conform_entry.address, PV_USER_GATE + offsets[i]);
    }
    CHECK(!access_try(PV_USER_GATE - PV_PAGE_SIZE, PV_PF_U, &value));
    conform_user_blob(&user, gate_blob);
    call_gate(&frame, &sent, 5);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
}

/* user_gate_program.c; a page around it, since pv_user_syscall() may be a function beside it. */
void user_gate_program(long *out);

static void user_gate_from_c(void)
{
    uintptr_t code = (uintptr_t)user_gate_program;
    struct pv_frame frame;
    long *data;

    /* Hidden from the compiler, which takes what is around a function for out of bounds. */
    __asm__("" : "+r"(code));
    conform_user_make(&user, (char *)(code - PV_PAGE_SIZE / 2), (char *)(code + PV_PAGE_SIZE / 2));
    data = conform_user_data(&user);
    conform_user_frame(&user, &frame, (char *)code);
    frame.rdi = CONFORM_USER_DATA;
    frame.rsp -= 8;
    conform_user_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
    CHECK_EQ(frame.rax, 1001);
    CHECK(frame.rdi == 1 && frame.rsi == 2 && frame.rdx == 3 && frame.r10 == 4 && frame.r8 == 5 &&
          frame.r9 == 6);
    frame.rax = 77;
    conform_user_enter(&frame);
    CHECK_EQ(frame.vector, PV_VECTOR_SYSCALL);
    CHECK_EQ(frame.rax, 1002);
    CHECK(frame.rdi == 77 && frame.rsi == -2UL && frame.rdx == -3UL && frame.r10 == -4UL &&
          frame.r8 == -5UL && frame.r9 == -6UL);
    frame.rax = -PV_EFAULT;
    conform_user_enter(&frame);
    CHECK_EQ(frame.vector, PV_EXCEPTION_BP);
    CHECK_EQ(data[0], 77);
    CHECK_EQ(data[1], -PV_EFAULT);
}

const struct conform_test conform_user_gate_tests[] = {
    CONFORM_TEST(user_gate_arrives_as_a_system_call),
    CONFORM_TEST(user_gate_returns_behind_the_call),
    CONFORM_TEST(user_gate_returns_what_the_kernel_put_there),
    CONFORM_TEST(user_gate_rip_is_at_a_ret),
    CONFORM_TEST(user_gate_called_in_a_loop),
    CONFORM_TEST(user_gate_frame_continues_in_another_root),
    CONFORM_TEST(user_gate_is_in_every_root),
    CONFORM_TEST(user_gate_cannot_be_written),
    CONFORM_TEST(user_gate_from_c),
    {0},
};
