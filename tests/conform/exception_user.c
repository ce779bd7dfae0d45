/* SPDX-License-Identifier: MIT */
/*
 * Exceptions raised by user code, with exact frames: one list of instructions, each with the exception that
 * it raises, executed with registers all different; then the ones that need more setting up (single step,
 * alignment, x87, non-canonical stack). "Guest user code never" gets further with a privileged instruction
 * than #GP.
 */
#include "conform.h"

#define NON_CANONICAL 0x8000000000000000UL
#define NOWHERE 0x12345678UL

#define ERROR_U_READ PV_PF_U
#define ERROR_U_WRITE (PV_PF_U | PV_PF_W)
#define ERROR_U_FETCH_NX (PV_PF_U | PV_PF_P | PV_PF_I)

/*
 * Registers there: rcx = 0, r8 = 1, rbx non-canonical, rsi unmapped, rdi the data page, r9 the kernel's text,
 * rdx a port. Faults have rip at the instruction (SDM vol. 3, 6.5).
 */
#define FAULTS(X)                                                                                            \
    X("divq %rcx", DE, 0)                                                                                    \
    X("divq %r8", DE, 0)                                                                                     \
    X("idivl %ecx", DE, 0)                                                                                   \
    X("ud2", UD, 0)                                                                                          \
    X(".byte 0x06", UD, 0)                                                                                   \
    X(".byte 0xce", UD, 0)                                                                                   \
    X(".byte 0xea", UD, 0)                                                                                   \
    X("hlt", GP, 0)                                                                                          \
    X("cli", GP, 0)                                                                                          \
    X("sti", GP, 0)                                                                                          \
    X("clts", GP, 0)                                                                                         \
    X("wbinvd", GP, 0)                                                                                       \
    X("invlpg (%rdi)", GP, 0)                                                                                \
    X("lgdt (%rdi)", GP, 0)                                                                                  \
    X("lidt (%rdi)", GP, 0)                                                                                  \
    X("lldt %cx", GP, 0)                                                                                     \
    X("ltr %cx", GP, 0)                                                                                      \
    X("lmsw %cx", GP, 0)                                                                                     \
    X("movq %cr0, %rax", GP, 0)                                                                              \
    X("movq %rax, %cr0", GP, 0)                                                                              \
    X("movq %cr2, %rax", GP, 0)                                                                              \
    X("movq %cr3, %rax", GP, 0)                                                                              \
    X("movq %rax, %cr3", GP, 0)                                                                              \
    X("movq %cr4, %rax", GP, 0)                                                                              \
    X("movq %rax, %cr8", GP, 0)                                                                              \
    X("movq %dr7, %rax", GP, 0)                                                                              \
    X("movq %rax, %dr0", GP, 0)                                                                              \
    X("rdmsr", GP, 0)                                                                                        \
    X("wrmsr", GP, 0)                                                                                        \
    X("swapgs", GP, 0)                                                                                       \
    X("sysretq", GP, 0)                                                                                      \
    X("inb (%dx), %al", GP, 0)                                                                               \
    X("outb %al, (%dx)", GP, 0)                                                                              \
    X("inl $0x60, %eax", GP, 0)                                                                              \
    X("outb %al, $0xe9", GP, 0)                                                                              \
    X("movq (%rbx), %rax", GP, 0)                                                                            \
    X("movq %rax, (%rbx)", GP, 0)                                                                            \
    X("movq (%rsi), %rax", PF, ERROR_U_READ)                                                                 \
    X("movq %rax, (%rsi)", PF, ERROR_U_WRITE)                                                                \
    X("movq (%r9), %rax", PF, PV_PF_U | PV_PF_P)                                                             \
    X("movq %rax, (%r9)", PF, PV_PF_U | PV_PF_P | PV_PF_W)                                                   \
    X("movq %rax, 0f(%rip); 0:", PF, PV_PF_U | PV_PF_P | PV_PF_W)

#define SLOT(code, vector, error) ".balign 32\n" code "\n"
#define ROW(code, vector, error) {code, PV_EXCEPTION_##vector, error},

CONFORM_BLOB(faults, ".balign 32\n" FAULTS(SLOT));

static const struct {
    const char *code;
    uint64_t vector, error;
} rows[] = {FAULTS(ROW)};

static void set_registers(struct pv_frame *frame, uint64_t seed)
{
    conform_frame_fill(frame, seed);
    frame->rcx = 0;
    frame->r8 = 1;
    frame->rbx = NON_CANONICAL;
    frame->rsi = NOWHERE;
    frame->rdi = CONFORM_USER_DATA;
    frame->r9 = (uint64_t)pv_kernel_main;
    frame->rdx = 0x61;
    frame->rflags |= PV_RFLAGS_CF | PV_RFLAGS_SF;
}

static void check_row(const struct conform_user *user, unsigned i)
{
    struct pv_frame frame, in;

    conform_user_frame(user, &in, faults_start + 32 * i);
    set_registers(&in, i);
    frame = in;
    conform_enter(&frame);
    if (frame.vector != rows[i].vector || frame.error != rows[i].error || frame.rip != in.rip)
        conform_note(rows[i].code);
    conform_check_trap(&frame, rows[i].vector, rows[i].error, in.rip);
    conform_check_registers(&frame, &in);
}

/* All rows with one vector, so that the transcript names what fails. */
static void check_vector(uint64_t vector)
{
    struct conform_user user;

    conform_user_blob(&user, faults);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].vector == vector)
            check_row(&user, i);
}

static void exception_user_de_has_exact_frame(void)
{
    check_vector(PV_EXCEPTION_DE);
}

static void exception_user_ud_has_exact_frame(void)
{
    check_vector(PV_EXCEPTION_UD);
}

static void exception_user_gp_has_exact_frame(void)
{
    check_vector(PV_EXCEPTION_GP);
}

static void exception_user_pf_has_exact_frame(void)
{
    check_vector(PV_EXCEPTION_PF);
}

CONFORM_BLOB(pieces, ".globl piece_jump, piece_push, piece_rbp, piece_call, piece_ret\n"
                     "piece_jump: jmp *%rsi\n"
                     "piece_push: pushq %rax\n"
                     "piece_rbp: movq (%rbp), %rax\n"
                     "piece_call: call *%rsi\n"
                     "piece_ret: ret\n");
extern const char piece_jump[], piece_push[], piece_rbp[], piece_call[], piece_ret[];

/* Fetches fault at the address that was jumped to. */
static void check_fetch(const struct conform_user *user, uint64_t target, uint64_t error)
{
    struct pv_frame frame, in;

    conform_user_frame(user, &in, piece_jump);
    conform_frame_fill(&in, 5);
    in.rsi = target;
    frame = in;
    conform_enter(&frame);
    conform_check_trap(&frame, PV_EXCEPTION_PF, error, target);
    CHECK_EQ(conform_entry.address, target);
    conform_check_registers(&frame, &in);
}

static void exception_user_pf_of_fetch_has_exact_frame(void)
{
    struct conform_user user;

    conform_user_blob(&user, pieces);
    check_fetch(&user, NOWHERE, PV_PF_U | PV_PF_I);
    check_fetch(&user, CONFORM_USER_DATA, PV_PF_U | PV_PF_P | PV_PF_I);
    check_fetch(&user, (uint64_t)pv_kernel_main, PV_PF_U | PV_PF_P | PV_PF_I);
}

static void exception_user_pf_tells_address(void)
{
    static const char *const labels[] = {piece_rbp, piece_push};
    struct conform_user user;

    conform_user_blob(&user, pieces);
    for (unsigned i = 0; i < 2; i++) {
        struct pv_frame frame;

        conform_user_frame(&user, &frame, labels[i]);
        frame.rbp = NOWHERE;
        frame.rsp = NOWHERE + 8;
        conform_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_PF, i ? ERROR_U_WRITE : ERROR_U_READ,
                           conform_user_va(&user, labels[i]));
        CHECK_EQ(conform_entry.address, NOWHERE);
    }
}

/* References by rbp or rsp to a non-canonical address; the kernel's frame lies on its own stack. */
static void exception_user_ss_has_exact_frame(void)
{
    const char *const labels[] = {piece_push, piece_rbp, piece_call, piece_ret};
    struct conform_user user;

    conform_user_blob(&user, pieces);
    for (unsigned i = 0; i < 4; i++) {
        struct pv_frame frame, in;

        conform_user_frame(&user, &in, labels[i]);
        in.rbp = in.rsp = NON_CANONICAL;
        in.rsi = in.rip;
        frame = in;
        conform_enter(&frame);
        conform_check_stack_fault(&frame, in.rip);
        conform_check_registers(&frame, &in);
    }
}

const struct conform_test conform_exception_user_tests[] = {
    CONFORM_TEST(exception_user_de_has_exact_frame),
    CONFORM_TEST(exception_user_ud_has_exact_frame),
    CONFORM_TEST(exception_user_ss_has_exact_frame),
    CONFORM_TEST(exception_user_gp_has_exact_frame),
    CONFORM_TEST(exception_user_pf_has_exact_frame),
    CONFORM_TEST(exception_user_pf_of_fetch_has_exact_frame),
    CONFORM_TEST(exception_user_pf_tells_address),
    {0},
};
