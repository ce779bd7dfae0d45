/* SPDX-License-Identifier: MIT */
/*
 * The host's signals are the guest's traps.
 *
 * The handler never runs guest code: it fills a mapping, or writes a frame to the guest's stack and changes where
 * the signal returns to. A fault of the guest enters it at once; an interrupt only when the guest's flag is on,
 * otherwise `pending` says that there is something. In the monitor itself an interrupt leaves a mark, and a fault
 * is a bug. Signals of user code arrive in another process: run.c.
 *
 * sigaction(2); SDM vol. 3, 6.12 to 6.15 for what a frame has to hold.
 */
#include "launch.h"
#include "monitor.h"
#include "raw.h"

#define SIGNAL_STACK_SIZE 65536
#define RFLAGS_CLEARED (PV_RFLAGS_TF | PV_RFLAGS_DF | PV_RFLAGS_NT | PV_RFLAGS_AC | PV_RFLAGS_RF)
/* Of the host's rflags: IF and IOPL say nothing about the guest. */
#define RFLAGS_GUEST (PV_RFLAGS_USER | PV_RFLAGS_FIXED)

struct kernel_sigaction {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    const void *restorer;
    unsigned long mask;
};

static char signal_stack[SIGNAL_STACK_SIZE] __attribute__((aligned(64)));

/* --- frames --- */

static void frame_of(struct pv_frame *f, const greg_t *g)
{
    *f = (struct pv_frame){
        .r15 = (uint64_t)g[REG_R15], .r14 = (uint64_t)g[REG_R14], .r13 = (uint64_t)g[REG_R13],
        .r12 = (uint64_t)g[REG_R12], .r11 = (uint64_t)g[REG_R11], .r10 = (uint64_t)g[REG_R10],
        .r9 = (uint64_t)g[REG_R9],   .r8 = (uint64_t)g[REG_R8],   .rbp = (uint64_t)g[REG_RBP],
        .rdi = (uint64_t)g[REG_RDI], .rsi = (uint64_t)g[REG_RSI], .rdx = (uint64_t)g[REG_RDX],
        .rcx = (uint64_t)g[REG_RCX], .rbx = (uint64_t)g[REG_RBX], .rax = (uint64_t)g[REG_RAX],
        .rip = (uint64_t)g[REG_RIP], .rsp = (uint64_t)g[REG_RSP],
        .rflags = ((uint64_t)g[REG_EFL] & RFLAGS_GUEST) | (ABI->irq_on ? PV_RFLAGS_IF : 0),
        .cs = PV_SELECTOR_KERNEL_CODE, .ss = PV_SELECTOR_KERNEL_DATA,
    };
}

pv_va_t frame_put(pv_va_t top, struct pv_frame *frame, uint64_t *entry)
{
    pv_va_t at = (top - sizeof *frame) & ~15UL;

    if (guest_write(at, frame, sizeof *frame))
        return at;
    frame->vector = PV_EXCEPTION_DF;
    frame->error = 0;
    *entry = ABI->double_fault_entry;
    at = (ABI->double_fault_stack - sizeof *frame) & ~15UL;
    if (!guest_write(at, frame, sizeof *frame))
        monitor_crash_guest("triple fault: the stack for double faults cannot be written", frame);
    return at;
}

/* Make the signal return to the guest's entry instead, with a frame of what it interrupted. */
static void inject(ucontext_t *uc, uint64_t vector, uint64_t error, uint64_t entry)
{
    greg_t *g = uc->uc_mcontext.gregs;
    struct pv_frame frame;
    pv_va_t at;

    frame_of(&frame, g);
    frame.vector = vector;
    frame.error = error;
    if (entry == 0)
        monitor_crash_guest("a trap before the guest has an entry for it", &frame);
    at = frame_put(frame.rsp, &frame, &entry);
    ABI->irq_on = 0;
    g[REG_RIP] = (greg_t)entry;
    g[REG_RSP] = g[REG_RDI] = (greg_t)at;
    g[REG_RBP] = 0;
    g[REG_EFL] &= ~(greg_t)RFLAGS_CLEARED;
}

/* --- interrupts --- */

static void interrupt(ucontext_t *uc)
{
    greg_t *g = uc->uc_mcontext.gregs;
    uint64_t rip = (uint64_t)g[REG_RIP];

    monitor_attention = 1;
    if (!guest_rip(rip)) {
        if (rip >= (uint64_t)monitor_wait_begin && rip < (uint64_t)monitor_wait_end)
            g[REG_RIP] = (greg_t)monitor_wait_interrupted;
        return;
    }
    if (!ABI->irq_on || !ABI->pending)
        return;
    if (rip >= ABI->return_begin && rip < ABI->return_end)
        g[REG_RIP] = (greg_t)ABI->return_begin; /* it is between two contexts: again, then it sees `pending` */
    else
        inject(uc, 0, 0, ABI->async_entry);
}

static void on_alarm(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    clock_alarm();
    interrupt(context);
}

static void on_console(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (console_signal()) {
        __atomic_fetch_or(&ABI->line_events, 1u << PV_POSIX_CONSOLE_LINE, __ATOMIC_SEQ_CST);
        ABI->pending = 1;
    }
    interrupt(context);
}

/* --- faults --- */

static void page_fault(ucontext_t *uc)
{
    const greg_t *g = uc->uc_mcontext.gregs;
    uint64_t access = (uint64_t)g[REG_ERR] & (PV_PF_W | PV_PF_I), error;
    pv_va_t va = (pv_va_t)g[REG_CR2];

    if (fill_fault(va, access, &error))
        return;
    ABI->fault_address = va;
    inject(uc, PV_EXCEPTION_PF, error, ABI->sync_entry);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    const greg_t *g = uc->uc_mcontext.gregs;
    uint64_t vector = (uint64_t)g[REG_TRAPNO];

    (void)info;
    if (!guest_rip((uint64_t)g[REG_RIP])) {
        struct pv_frame frame;

        frame_of(&frame, g);
        frame.vector = vector;
        frame.error = (uint64_t)g[REG_CR2];
        monitor_crash_guest("posix monitor: a fault of its own", &frame);
    }
    if (number == SIGBUS && vector == PV_EXCEPTION_PF)
        monitor_host_fails("no memory is left for the guest's RAM");
    if (number == SIGSYS)
        monitor_crash_guest("a system call of the host from guest kernel code", NULL);
    if (vector == PV_EXCEPTION_PF)
        page_fault(uc);
    else
        inject(uc, vector, (uint64_t)g[REG_ERR], ABI->sync_entry);
}

/* --- set-up --- */

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct kernel_sigaction action = {handler, SA_SIGINFO | SA_ONSTACK | 0x04000000 /* SA_RESTORER */,
                                      monitor_restorer, ~0UL};

    MONITOR_CHECK(raw(__NR_rt_sigaction, number, &action, 0, 8) == 0);
}

void signals_init(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    unsigned long none = 0;

    MONITOR_CHECK(raw(__NR_sigaltstack, &stack, 0) == 0);
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++)
        handle(faults[i], on_fault);
    handle(SIGALRM, on_alarm);
    handle(SIGIO, on_console);
    raw(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
}
