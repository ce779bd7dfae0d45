/* SPDX-License-Identifier: MIT */
/*
 * What a space reports, and what it means: a trap of user code, a page to fill, or a kick that has met user code
 * or the stub on its way. Called by run.c with the thread held; what is in the area may be forged by user code,
 * so it is copied once, bounds-checked, and believed only as far as user code could have caused it anyway.
 * Addresses inside gate and stub: stub-layout.h.
 */
#include <linux/audit.h>

#include "decode.h"
#include "monitor.h"
#include "raw.h"
#include "stub-layout.h"

#define VSYSCALL_PAGE 0xffffffffff600000UL
#define INT 0xcd /* opcode of int n */

/* What the host's report of a signal holds, copied once while the thread is held. */
struct signal_report {
    int number;
    uint32_t arch;      /* of a SIGSYS */
    uint64_t call_address; /* of a SIGSYS: the instruction */
    greg_t regs[NGREG];
    uint64_t fpu;
};

void frame_sanitize(struct pv_frame *f)
{
    f->cs = PV_SELECTOR_USER_CODE;
    f->ss = PV_SELECTOR_USER_DATA;
    f->rflags = (f->rflags & PV_RFLAGS_USER) | PV_RFLAGS_FIXED | PV_RFLAGS_IF;
}

void frame_set_trap(struct pv_frame *f, uint64_t vector, uint64_t error)
{
    f->vector = vector;
    f->error = error;
}

static bool copy_report(const struct space *space, const struct report *report, struct signal_report *s)
{
    const char *area = (const char *)AREA(space->slot);
    uint64_t base = POSIX_AREA + POSIX_AREA_STACK, end = POSIX_AREA + POSIX_AREA_SIZE;
    const siginfo_t *info = (const siginfo_t *)(area + (report->info - POSIX_AREA));
    const ucontext_t *uc = (const ucontext_t *)(area + (report->context - POSIX_AREA));

    if (report->info < base || report->info > end - sizeof *info || report->context < base ||
        report->context > end - sizeof *uc || ((report->info | report->context) & 7) != 0)
        return false;
    s->number = info->si_signo;
    s->arch = info->si_arch;
    s->call_address = (uint64_t)info->si_call_addr;
    __builtin_memcpy(s->regs, uc->uc_mcontext.gregs, sizeof s->regs);
    s->fpu = (uint64_t)uc->uc_mcontext.fpregs;
    return true;
}

static void frame_from_regs(struct pv_frame *f, const greg_t *g)
{
    *f = (struct pv_frame){
        .r15 = (uint64_t)g[REG_R15], .r14 = (uint64_t)g[REG_R14], .r13 = (uint64_t)g[REG_R13],
        .r12 = (uint64_t)g[REG_R12], .r11 = (uint64_t)g[REG_R11], .r10 = (uint64_t)g[REG_R10],
        .r9 = (uint64_t)g[REG_R9],   .r8 = (uint64_t)g[REG_R8],   .rbp = (uint64_t)g[REG_RBP],
        .rdi = (uint64_t)g[REG_RDI], .rsi = (uint64_t)g[REG_RSI], .rdx = (uint64_t)g[REG_RDX],
        .rcx = (uint64_t)g[REG_RCX], .rbx = (uint64_t)g[REG_RBX], .rax = (uint64_t)g[REG_RAX],
        .rip = (uint64_t)g[REG_RIP], .rsp = (uint64_t)g[REG_RSP], .rflags = (uint64_t)g[REG_EFL],
    };
}

static void frame_from_gate(struct pv_frame *f, const struct posix_gate_regs *saved)
{
    struct posix_gate_regs g = *saved;

    *f = (struct pv_frame){
        .r15 = g.r15, .r14 = g.r14, .r13 = g.r13, .r12 = g.r12, .r10 = g.r10, .r9 = g.r9, .r8 = g.r8,
        .rbp = g.rbp, .rdi = g.rdi, .rsi = g.rsi, .rdx = g.rdx, .rbx = g.rbx, .rax = g.rax,
        .rip = POSIX_GATE_RET, .rsp = g.rsp, .rflags = g.rflags,
    };
    frame_sanitize(f);
    f->rcx = f->rip; /* as `syscall` leaves them */
    f->r11 = f->rflags;
}

static bool gate_is_open(uint64_t vector)
{
    return vector < 256 && (ABI->gates[vector / 64] >> (vector & 63) & 1) != 0;
}

/* `int n` at a gate that is open or not (SDM vol. 3, 6.13). */
static void software_interrupt(struct pv_frame *f, uint64_t vector)
{
    if (gate_is_open(vector))
        frame_set_trap(f, vector, 0);
    else
        frame_set_trap(f, PV_EXCEPTION_GP, vector * 8 + 2);
}

/* The bytes of an instruction, as the guest's tables have them. */
static bool code_at(const struct space *space, uint64_t rip, uint8_t code[2])
{
    struct posix_walk walk;

    for (unsigned i = 0; i < 2; i++) {
        if (!posix_walk(RAM, ABI->memory_size, space->root, rip + i, PV_PF_U, &walk))
            return false;
        code[i] = *(volatile uint8_t *)(RAM + walk.pa);
    }
    return true;
}

/*
 * `int n` is a #GP of the host's. Its error tells that, but not everywhere n: QEMU before 9.0 emulates n * 16 + 2
 * instead of n * 8 + 2. So the instruction tells n; user code that changes it meanwhile could as well have had
 * another one.
 */
static enum outcome trap_gp(const struct space *space, struct pv_frame *f, uint64_t error)
{
    uint8_t code[2];

    frame_set_trap(f, PV_EXCEPTION_GP, error);
    if ((error & 7) == 2 && code_at(space, f->rip, code) && code[0] == INT) {
        software_interrupt(f, code[1]);
        if (f->vector != PV_EXCEPTION_GP)
            f->rip += 2;
    }
    return OUTCOME_TRAP;
}

static enum outcome trap_pf(struct space *space, struct pv_frame *f, const struct signal_report *s)
{
    uint64_t access = (uint64_t)s->regs[REG_ERR] & (PV_PF_W | PV_PF_I), error;
    pv_va_t va = (pv_va_t)s->regs[REG_CR2];

    if (space_fill(space, va, access, &error)) {
        run_user_frame = *f;
        return OUTCOME_RESUME;
    }
    if (error == 0)
        return OUTCOME_BAD;
    ABI->fault_address = va;
    frame_set_trap(f, PV_EXCEPTION_PF, error);
    return OUTCOME_TRAP;
}

/* Whether `int $0x80` stands before rip: sysenter gives the same signal, with a rip that means nothing. */
static bool is_int80(const struct space *space, uint64_t rip)
{
    uint8_t code[2];

    return code_at(space, rip - 2, code) && code[0] == INT && code[1] == 0x80;
}

/* An address where no guest has a page, as if nothing were there: the host's own vsyscall page. */
static enum outcome trap_no_page(struct pv_frame *f, pv_va_t va)
{
    f->rip = ABI->fault_address = va;
    frame_set_trap(f, PV_EXCEPTION_PF, PV_PF_U | PV_PF_I);
    return OUTCOME_TRAP;
}

static enum outcome trap_syscall(const struct space *space, struct pv_frame *f, const struct signal_report *s)
{
    if (s->arch == AUDIT_ARCH_I386) {
        if (!is_int80(space, f->rip))
            return OUTCOME_BAD;
        software_interrupt(f, 0x80); /* rip is behind it */
        if (f->vector == PV_EXCEPTION_GP)
            f->rip -= 2;
        return OUTCOME_TRAP;
    }
    if ((s->call_address & PV_PAGE_MASK) == VSYSCALL_PAGE) {
        f->rsp -= 8; /* where the host has taken the return address from */
        return trap_no_page(f, s->call_address);
    }
    frame_set_trap(f, VECTOR_SYSCALL, 0);
    f->rcx = f->rip;
    f->r11 = f->rflags;
    return OUTCOME_TRAP;
}

static enum outcome decode_trap(struct space *space, struct pv_frame *f, const struct signal_report *s)
{
    uint64_t vector = (uint64_t)s->regs[REG_TRAPNO], error = (uint64_t)s->regs[REG_ERR];

    if (s->number == SIGSYS)
        return trap_syscall(space, f, s);
    if ((f->rip & PV_PAGE_MASK) == VSYSCALL_PAGE) /* the host tells no vector and no address then */
        return trap_no_page(f, f->rip);
    if (vector == PV_EXCEPTION_PF) {
        if (s->number == SIGBUS)
            space_check_memory(space, (pv_va_t)s->regs[REG_CR2]);
        return trap_pf(space, f, s);
    }
    if (vector == PV_EXCEPTION_GP)
        return trap_gp(space, f, error & 0xffff);
    if (vector > PV_EXCEPTION_XM || vector == PV_EXCEPTION_NMI || vector == PV_EXCEPTION_DF || vector == PV_EXCEPTION_MC)
        return OUTCOME_BAD;
    frame_set_trap(f, vector, vector == PV_EXCEPTION_SS || vector == PV_EXCEPTION_NP || vector == PV_EXCEPTION_TS ? error & 0xffff : 0);
    return OUTCOME_TRAP;
}

/* A signal inside the gate: user code is about to start the gate's call, which then starts again. */
static void roll_back_gate(const struct space *space, struct pv_frame *f, enum posix_where where)
{
    if (where == POSIX_WHERE_GATE_PUSHED)
        f->rsp += 8;
    if (where == POSIX_WHERE_GATE_SAVED)
        frame_from_gate(f, &AREA(space->slot)->gate);
    f->rip = POSIX_GATE_PAGE;
}

/* The kick has interrupted user code, or the stub on its way. */
static enum outcome decode_kick(struct space *space, struct pv_frame *f, const struct signal_report *s)
{
    enum posix_where where = posix_where(f->rip, f->rax);

    switch (where) {
    case POSIX_WHERE_RESUME: /* its FPU state is where the resume was to take it from, or as it was */
        if (AREA(space->slot)->fpu_from == 0)
            fpu_seen(space, s->fpu);
        return OUTCOME_RESUME;
    case POSIX_WHERE_RESUME_LOADED:
        fpu_seen(space, s->fpu);
        return OUTCOME_RESUME;
    case POSIX_WHERE_STUB:
        run_stub_fpu = s->fpu;
        return OUTCOME_STUB;
    case POSIX_WHERE_GATE_BEGIN:
    case POSIX_WHERE_GATE_PUSHED:
    case POSIX_WHERE_GATE_SAVED:
        roll_back_gate(space, f, where);
        break;
    case POSIX_WHERE_USER:
        break;
    }
    fpu_seen(space, s->fpu);
    run_user_frame = *f;
    return OUTCOME_RESUME;
}

/* A trap of user code; the gate's own may fault at the user's stack. The rest of the stub does not, unless forged. */
static enum outcome decode_fault(struct space *space, struct pv_frame *f, const struct signal_report *s)
{
    enum posix_where where = posix_where(f->rip, f->rax);

    if (where == POSIX_WHERE_STUB || where == POSIX_WHERE_RESUME || where == POSIX_WHERE_RESUME_LOADED)
        return OUTCOME_BAD;
    /* Single steps go on where they are: started again, they would never end. */
    if (where != POSIX_WHERE_USER && s->regs[REG_TRAPNO] != PV_EXCEPTION_DB)
        roll_back_gate(space, f, where);
    frame_sanitize(f);
    fpu_seen(space, s->fpu);
    return decode_trap(space, f, s);
}

/* What a report means; the frame is filled for a trap, `user` for a resume. */
enum outcome decode_report(struct space *space, const struct report *report, struct pv_frame *f)
{
    struct signal_report s;
    enum outcome outcome;

    if (report->nr != POSIX_NR_REPORT)
        return OUTCOME_BAD;
    if (report->kind == POSIX_REPORT_GATE && report->rip == POSIX_GATE_REPLY) {
        frame_from_gate(f, &AREA(space->slot)->gate);
        frame_set_trap(f, VECTOR_SYSCALL, 0);
        fpu_seen(space, 0);
        return OUTCOME_TRAP;
    }
    if (report->kind != POSIX_REPORT_SIGNAL || !copy_report(space, report, &s))
        return OUTCOME_BAD;
    frame_from_regs(f, s.regs);
    if (s.number == SIGUSR1) {
        space->kicked = false;
        outcome = decode_kick(space, f, &s);
        if (outcome == OUTCOME_STUB)
            frame_sanitize(f);
        else
            frame_sanitize(&run_user_frame);
        return outcome;
    }
    return decode_fault(space, f, &s);
}
