/* SPDX-License-Identifier: MIT */
/*
 * All traps: the one function that pvops calls for exceptions, system calls and interrupts, and what happens
 * on the way back. A process that raises an exception of its own is killed with a message, the others live;
 * an exception in the kernel is the machine's end, but for page faults in copies of user memory.
 *
 * Frames from user mode lie at the top of the process's kernel stack (sched_load_user() says where that is).
 * The handler starts with interrupts off; what may take long switches them on.
 * Read next: syscall.c.
 */
#include "trap.h"

#include "proc.h"

static void (*line_handlers[PV_IRQ_LINES])(unsigned line);

void trap_attach_line(unsigned line, void (*handler)(unsigned line))
{
    CHECK(pv_irq_attach(line) == 0);
    line_handlers[line] = handler;
    pv_irq_unmask(line);
}

/* --- exceptions --- */

static const char *exception_name(uint64_t vector)
{
    static const char *const names[] = {
        [PV_EXCEPTION_DE] = "divide error",
        [PV_EXCEPTION_DB] = "single step",
        [PV_EXCEPTION_BP] = "breakpoint",
        [PV_EXCEPTION_OF] = "overflow",
        [PV_EXCEPTION_UD] = "invalid instruction",
        [PV_EXCEPTION_NP] = "segment not present",
        [PV_EXCEPTION_SS] = "stack fault",
        [PV_EXCEPTION_GP] = "general protection",
        [PV_EXCEPTION_MF] = "x87 error",
        [PV_EXCEPTION_AC] = "alignment check",
        [PV_EXCEPTION_XM] = "SIMD error",
    };

    return vector < sizeof names / sizeof *names && names[vector] != NULL ? names[vector] : "exception";
}

static PV_NORETURN void die(const struct pv_frame *frame)
{
    proc_exit(STATUS_KILLED + (int)frame->vector);
}

/* The machine's end. A push onto a guard page finds no room for its own page fault: a double fault. */
static PV_NORETURN void kernel_exception(const struct pv_frame *frame)
{
    bool stack = (frame->vector == PV_EXCEPTION_DF || frame->vector == PV_EXCEPTION_PF) &&
                 stack_is_guard(pv_trap_fault_address());

    kernel_crash(stack ? "a kernel stack ran over" : "exception in the kernel", frame);
}

/* Error codes are not shown: machines differ in those of closed gates. */
static PV_NORETURN void exception(const struct pv_frame *frame)
{
    const struct proc *proc = proc_current();

    if (!pv_frame_from_user(frame) || frame->vector == PV_EXCEPTION_NMI || frame->vector == PV_EXCEPTION_MC)
        kernel_exception(frame);
    printk("%s[%d]: killed: %s, rip 0x%lx\n", proc->name, proc->pid, exception_name(frame->vector),
           frame->rip);
    die(frame);
}

static const char *access_name(uint64_t error)
{
    return error & PV_PF_I ? "fetch" : error & PV_PF_W ? "write" : "read";
}

/* A page fault of a user program that space_fault() could not mend. */
static PV_NORETURN void bad_access(const struct pv_frame *frame, pv_va_t va, int error)
{
    const struct proc *proc = proc_current();

    if (error == -ENOMEM)
        printk("%s[%d]: killed: out of memory\n", proc->name, proc->pid);
    else
        printk("%s[%d]: killed: page fault, %s at 0x%lx, rip 0x%lx\n", proc->name, proc->pid,
               access_name(frame->error), va, frame->rip);
    die(frame);
}

static void page_fault(struct pv_frame *frame)
{
    pv_va_t va = pv_trap_fault_address(); /* before another fault can come */
    struct proc *proc = proc_current();
    int error = -EFAULT;

    if (frame->rflags & PV_RFLAGS_IF)
        pv_irq_enable();
    if (proc->space.root != 0 && !pv_va_is_kernel(va))
        error = space_fault(&proc->space, va, frame->error);
    if (error < 0 && pv_frame_from_user(frame))
        bad_access(frame, va, error);
    pv_irq_disable();
    if (error < 0 && !pv_user_fault_fixup(frame)) /* a copy of user memory fails, all else is the end */
        kernel_exception(frame);
}

/* --- the entry --- */

static void system_call(struct pv_frame *frame)
{
    if (!pv_frame_from_user(frame))
        kernel_crash("a system call of the kernel itself", frame);
    pv_irq_enable();
    syscall(frame);
    pv_irq_disable();
}

static void line_interrupt(unsigned line)
{
    if (line < PV_IRQ_LINES && line_handlers[line] != NULL)
        line_handlers[line](line);
    else
        kernel_crash("expected: no interrupt of a line that nobody attached", NULL);
}

/* What was asked for meanwhile: to make room, to end. Interrupts are off, and no lock is held. */
static void before_return(const struct pv_frame *frame)
{
    bool to_user = pv_frame_from_user(frame);

    while (this_cpu()->resched || (to_user && proc_current()->killed)) {
        if (to_user && proc_current()->killed)
            proc_exit(STATUS_KILLED_BY_CALL);
        sched_yield();
    }
}

static void trap(struct pv_frame *frame)
{
    switch (frame->vector) {
    case PV_EXCEPTION_PF:
        page_fault(frame);
        break;
    case PV_VECTOR_SYSCALL:
    case SYS_INT_VECTOR:
        system_call(frame);
        break;
    case PV_VECTOR_TIMER:
        sched_timer();
        break;
    case PV_VECTOR_LINE(0) ... PV_VECTOR_LINE(PV_IRQ_LINES - 1):
        line_interrupt((unsigned)frame->vector - PV_VECTOR_LINE(0));
        break;
    default:
        exception(frame);
    }
    if (frame->rflags & PV_RFLAGS_IF)
        before_return(frame);
}

void trap_init(void)
{
    pv_trap_init(trap);
    CHECK(pv_trap_gate_set(SYS_INT_VECTOR, true) == 0);
}
