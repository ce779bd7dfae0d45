/* SPDX-License-Identifier: MIT */
/*
 * The small monitor of space-monitor.h, second part: reports, replies, orders. space-start.c makes the
 * spaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "space-monitor.h"

bool space_gone(struct space *space, int timeout_ms)
{
    struct pollfd end = {.fd = space->pidfd, .events = POLLIN};

    return poll(&end, 1, timeout_ms) == 1;
}

void space_end(struct space *space)
{
    syscall(SYS_pidfd_send_signal, space->pidfd, SIGKILL, NULL, 0);
    if (!space_gone(space, 5000)) {
        fatal("a killed space lives on");
    }
    close(space->pidfd);
    close(space->listener);
}

void space_kick(const struct space *space)
{
    syscall(SYS_pidfd_send_signal, space->pidfd, SIGUSR1, NULL, 0);
}

void space_reply(struct space *space, int64_t value)
{
    struct seccomp_notif_resp answer = {.id = space->held, .val = value};

    space->held = 0;
    ioctl(space->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Where in our mapping `size` bytes at this address of the area are, NULL if they are not in it. */
static const void *in_area(const struct space *space, uint64_t address, size_t size)
{
    if (address < POSIX_AREA || address > POSIX_AREA + POSIX_AREA_SIZE - size) {
        return NULL;
    }
    return (const uint8_t *)space->area + (address - POSIX_AREA);
}

static void from_gregs(struct context *c, const greg_t *g)
{
    *c = (struct context){
        .r15 = (uint64_t)g[REG_R15],
        .r14 = (uint64_t)g[REG_R14],
        .r13 = (uint64_t)g[REG_R13],
        .r12 = (uint64_t)g[REG_R12],
        .r11 = (uint64_t)g[REG_R11],
        .r10 = (uint64_t)g[REG_R10],
        .r9 = (uint64_t)g[REG_R9],
        .r8 = (uint64_t)g[REG_R8],
        .rbp = (uint64_t)g[REG_RBP],
        .rdi = (uint64_t)g[REG_RDI],
        .rsi = (uint64_t)g[REG_RSI],
        .rdx = (uint64_t)g[REG_RDX],
        .rcx = (uint64_t)g[REG_RCX],
        .rbx = (uint64_t)g[REG_RBX],
        .rax = (uint64_t)g[REG_RAX],
        .rip = (uint64_t)g[REG_RIP],
        .rflags = (uint64_t)g[REG_EFL],
        .rsp = (uint64_t)g[REG_RSP],
        .cs = 0x33,
        .ss = 0x2b,
    };
}

/* As user code would be before it called the gate: what a gate report, or a signal inside, restores. */
static void from_gate(struct space *space, struct context *c, bool reported)
{
    struct posix_gate_regs g;

    memcpy(&g, (const void *)&space->area->gate, sizeof g);
    *c = (struct context){
        .r15 = g.r15,
        .r14 = g.r14,
        .r13 = g.r13,
        .r12 = g.r12,
        .r10 = g.r10,
        .r9 = g.r9,
        .r8 = g.r8,
        .rbp = g.rbp,
        .rdi = g.rdi,
        .rsi = g.rsi,
        .rdx = g.rdx,
        .rbx = g.rbx,
        .rax = g.rax,
        .rsp = g.rsp,
        .rflags = g.rflags,
        .rip = reported ? POSIX_GATE_RET : POSIX_GATE_PAGE,
        .cs = 0x33,
        .ss = 0x2b,
    };
    if (reported) {
        c->rcx = c->rip;
        c->r11 = c->rflags;
    }
}

static void roll_back(struct space *space, enum posix_where where, struct context *c)
{
    if (where == POSIX_WHERE_GATE_SAVED) {
        from_gate(space, c, false);
    } else if (where == POSIX_WHERE_GATE_PUSHED) {
        c->rsp += 8;
    }
    c->rip = POSIX_GATE_PAGE;
}

/* A signal report: to `user`, unless the stub was hit; then `stub` has what must be resumed first. */
static enum event take_signal(struct space *space, uint64_t info_at, uint64_t context_at)
{
    const siginfo_t *info = in_area(space, info_at, sizeof *info);
    const ucontext_t *uc = in_area(space, context_at, offsetof(ucontext_t, __fpregs_mem));
    struct context c;
    enum posix_where where;
    uint64_t fpu;

    if (info == NULL || uc == NULL) {
        return EVENT_BAD;
    }
    space->sig = info->si_signo;
    space->code = info->si_code;
    space->arch = space->sig == SIGSYS ? (int)info->si_arch : 0;
    space->call_address = (uint64_t)info->si_call_addr;
    space->trap = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
    space->error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
    space->fault_address = (uint64_t)uc->uc_mcontext.gregs[REG_CR2];
    from_gregs(&c, uc->uc_mcontext.gregs);
    fpu = (uint64_t)uc->uc_mcontext.fpregs;
    where = posix_where(c.rip, c.rax);
    space->where = where;
    if (space->sig == SIGUSR1) {
        space->hits[where]++;
    }
    if (where == POSIX_WHERE_RESUME || where == POSIX_WHERE_RESUME_LOADED) { /* registers: as last resumed */
        if (where == POSIX_WHERE_RESUME_LOADED || space->area->fpu_from == 0) {
            *(space->in_stub ? &space->stub_fpu : &space->fpu_from) = fpu;
        }
        return EVENT_SIGNAL;
    }
    space->in_stub = where == POSIX_WHERE_STUB || (where != POSIX_WHERE_USER && space->trap == 1);
    if (space->in_stub) {
        space->stub = c;
        space->stub_fpu = fpu;
        return EVENT_SIGNAL;
    }
    if (where != POSIX_WHERE_USER) {
        roll_back(space, where, &c);
    }
    space->user = c;
    space->fpu_from = fpu;
    return EVENT_SIGNAL;
}

/* An order's notification: let it through if it is the one expected, refuse it otherwise. */
static bool take_order(struct space *space, const struct seccomp_notif *n)
{
    struct seccomp_notif_resp answer = {.id = n->id};
    const struct posix_order *o = &space->orders[space->order_next];
    bool expected = space->order_next < space->order_count && (uint64_t)n->data.nr == o->nr &&
                    n->data.args[0] == o->address && n->data.args[1] == o->size;

    if (expected && o->nr == SYS_mmap) {
        expected = n->data.args[2] == o->prot && n->data.args[3] == o->flags && n->data.args[4] == o->fd &&
                   n->data.args[5] == o->offset;
    }
    if (!expected) {
        answer.error = -EPERM;
        ioctl(space->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
        return false;
    }
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (ioctl(space->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0) {
        space->order_next++;
    }
    return true;
}

enum event space_wait(struct space *space)
{
    struct seccomp_notif n;
    struct pollfd ends[2] = {{.fd = space->listener, .events = POLLIN},
                             {.fd = space->pidfd, .events = POLLIN}};

    for (;;) {
        if (!space->direct) {
            if (poll(ends, 2, 3000) <= 0) {
                return EVENT_TIMEOUT;
            }
            if (ends[1].revents != 0) {
                return EVENT_DEAD;
            }
        }
        memset(&n, 0, sizeof n);
        if (ioctl(space->listener, SECCOMP_IOCTL_NOTIF_RECV, &n) != 0) {
            space->retries++;
            continue; /* withdrawn by a kick */
        }
        space->reports++;
        if (n.data.nr != POSIX_NR_REPORT) {
            if (!take_order(space, &n)) {
                return EVENT_DENIED;
            }
            continue;
        }
        space->held = n.id;
        switch (n.data.args[0]) {
        case POSIX_REPORT_READY:
            return EVENT_READY;
        case POSIX_REPORT_SIGNAL:
            return take_signal(space, n.data.args[1], n.data.args[2]);
        case POSIX_REPORT_GATE:
            from_gate(space, &space->user, true);
            space->in_stub = false;
            space->fpu_from = 0;
            return EVENT_GATE;
        case POSIX_REPORT_ORDERS:
            return EVENT_ORDERS;
        default:
            return EVENT_BAD;
        }
    }
}

static void resume(struct space *space, const struct context *c, uint64_t fpu_from)
{
    memcpy((void *)space->area->resume, c, sizeof *c);
    space->area->fpu_from = fpu_from;
    space->area->fpu_mask = xsave_mask;
    space->area->fs_base = space->fs_base;
    space_reply(space, POSIX_REPLY_RESUME);
}

/* A kick, or a single step, that hit the stub: back into it, until it reports by itself. */
static enum event settle(struct space *space, enum event event)
{
    for (int i = 0;
         event == EVENT_SIGNAL && space->in_stub && (space->sig == SIGUSR1 || space->trap == 1) && i < 100;
         i++) {
        resume(space, &space->stub, space->stub_fpu);
        event = space_wait(space);
    }
    return event;
}

enum event space_again(struct space *space)
{
    return settle(space, EVENT_SIGNAL);
}

void space_run(struct space *space)
{
    space->in_stub = false;
    resume(space, &space->user, space->fpu_from);
}

enum event space_go(struct space *space)
{
    space_run(space);
    return settle(space, space_wait(space));
}

enum event space_do_orders(struct space *space, unsigned count)
{
    space->order_count = count;
    space->order_next = 0;
    memcpy((void *)space->area->orders, space->orders, count * sizeof space->orders[0]);
    space->area->order_count = count;
    space_reply(space, POSIX_REPLY_ORDERS);
    return settle(space, space_wait(space));
}

enum event space_order(struct space *space, uint64_t nr, uint64_t address, uint64_t size, uint64_t prot,
                       uint64_t page)
{
    space->orders[0] = (struct posix_order){
        nr, address, size, prot, MAP_SHARED | MAP_FIXED, POSIX_SPACE_FD_RAM, page * 4096};
    return space_do_orders(space, 1);
}

void set_code(struct space *space, const void *code, const void *end)
{
    memset(ram + CODE_PAGE * 4096, 0xcc, 4096);
    memcpy(ram + CODE_PAGE * 4096, code, (size_t)((const char *)end - (const char *)code));
    space->user = (struct context){.rip = USER_CODE,
                                   .cs = 0x33,
                                   .ss = 0x2b,
                                   .rflags = 0x202,
                                   .rsp = USER_DATA + DATA_PAGES * 4096 - 256};
    space->fpu_from = 0;
}

void try_code(struct space *space, uint32_t slot, const void *code, const void *end)
{
    if (space_make(space, slot) != 0) {
        fatal("space_make");
    }
    space->orders[0] = (struct posix_order){
        SYS_mmap,           USER_CODE,       4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED,
        POSIX_SPACE_FD_RAM, CODE_PAGE * 4096};
    space->orders[1] = (struct posix_order){SYS_mmap,
                                            USER_DATA,
                                            DATA_PAGES * 4096,
                                            PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_FIXED,
                                            POSIX_SPACE_FD_RAM,
                                            DATA_PAGE * 4096};
    if (space_do_orders(space, 2) != EVENT_ORDERS) {
        fatal("first orders");
    }
    set_code(space, code, end);
}
