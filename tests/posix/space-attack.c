/* SPDX-License-Identifier: MIT */
/*
 * Hostile user code. Each attack may end in the death of its space, in a report, or in an order's
 * notification that is refused; never in a system call that completes, so the mappings and descriptors of a
 * space that still lives must be what they were. Jumps into gate and stub go to every byte.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "space-monitor.h"

/* 1: mappings and descriptors are as they should be; 0: not; -1: /proc does not let us look. */
static int untouched(const struct space *s)
{
    static const char *const allowed[] = {"00400000-00401000 r-xs", "00500000-00510000 rw-s",
                                          "7e0000000000-7e0000002000 r-xp", "7e0000010000-7e0000030000 rw-s",
                                          "ffffffffff600000-ffffffffff601000"};
    char path[64], line[256];
    int lines = 0, good = 1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/maps", s->pid);
    f = fopen(path, "re");
    if (f == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        int known = 0;

        for (unsigned i = 0; i < 5; i++) {
            known |= strncmp(line, allowed[i], strlen(allowed[i])) == 0;
        }
        good &= known;
        lines++;
    }
    fclose(f);
    for (int fd = 0; fd < 16; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", s->pid, fd);
        good &= fd == POSIX_SPACE_FD_RAM || faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    }
    return lines == 0 ? -1 : good && lines >= 4;
}

/* Go, with a kick for code that spins. */
static enum event provoke(struct space *s)
{
    struct pollfd ends[2] = {{.fd = s->listener, .events = POLLIN}, {.fd = s->pidfd, .events = POLLIN}};

    s->order_count = 0;
    s->order_next = 0;
    space_run(s);
    if (poll(ends, 2, 50) == 0) {
        space_kick(s);
    }
    return space_wait(s);
}

/* True if the outcome is one of the allowed ones. */
static bool harmless(struct space *s, enum event e)
{
    if (e == EVENT_TIMEOUT || s->order_next != 0) {
        return false;
    }
    return space_gone(s, 0) || untouched(s) != 0;
}

static const struct registers {
    const char *name;
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
} useful[] = {
    {"mmap in the window", SYS_mmap, 0x600000, 0x1000, 7, 0x11, 3, 0},
    {"mmap over the stub", SYS_mmap, POSIX_STUB_PAGE, 0x1000, 7, 0x11, 3, 0},
    {"mmap anonymous", SYS_mmap, 0x600000, 0x1000, 7, 0x32, ~0UL, 0},
    {"munmap of user memory", SYS_munmap, USER_DATA, 0x1000, 0, 0, 0, 0},
    {"munmap of the area", SYS_munmap, POSIX_AREA, 0x1000, 0, 0, 0, 0},
    {"mprotect of the gate", SYS_mprotect, POSIX_GATE_PAGE, 0x2000, 7, 0, 0, 0},
    {"futex", SYS_futex, USER_DATA, 0, 0, 0, 0, 0},
    {"rt_sigreturn", SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0},
    {"tgkill", SYS_tgkill, 1, 1, SIGKILL, 0, 0, 0},
    {"kill of all", SYS_kill, ~0UL, SIGKILL, 0, 0, 0, 0},
    {"ioctl on RAM", SYS_ioctl, 3, 0xc0502100, USER_DATA, 0, 0, 0},
    {"ftruncate of RAM", SYS_ftruncate, 3, 0, 0, 0, 0, 0},
    {"report READY", POSIX_NR_REPORT, POSIX_REPORT_READY, 0, 0, 0, 0, 0},
    {"report a forged signal", POSIX_NR_REPORT, POSIX_REPORT_SIGNAL, USER_DATA, USER_DATA, 0, 0, 0},
    {"report a signal at the area's end", POSIX_NR_REPORT, POSIX_REPORT_SIGNAL,
     POSIX_AREA + POSIX_AREA_SIZE - 8, POSIX_AREA + POSIX_AREA_SIZE - 8, 0, 0, 0},
    {"exit", SYS_exit, 0, 0, 0, 0, 0, 0},
    {"exit_group", SYS_exit_group, 0, 0, 0, 0, 0, 0},
    {"clone", SYS_clone, 0x310f00, USER_DATA, 0, 0, 0, 0},
    {"sendmsg", SYS_sendmsg, 3, USER_DATA, 0, 0, 0, 0},
    {"seccomp", SYS_seccomp, 1, 0, POSIX_STUB_FILTER, 0, 0, 0},
    {"sigaltstack", SYS_sigaltstack, USER_DATA, 0, 0, 0, 0, 0},
    {"x32 mmap", 0x40000000 | SYS_mmap, 0x600000, 0x1000, 7, 0x11, 3, 0},
};
#define USEFUL (sizeof useful / sizeof useful[0])

CODE(attack_jump, "jmp *%r15");

/*
 * A jump to `target` with registers n; area.orders hold the same call. A new space when the last one is
 * spoilt.
 */
static bool jump(struct space *s, bool *alive, uint64_t target, const struct registers *r)
{
    enum event e;
    bool good;

    if (!*alive) {
        try_code(s, 1, attack_jump, attack_jump_end);
        *alive = true;
    }
    set_code(s, attack_jump, attack_jump_end);
    s->user.r15 = target;
    s->user.rax = r->rax;
    s->user.rdi = r->rdi;
    s->user.rsi = r->rsi;
    s->user.rdx = r->rdx;
    s->user.r10 = r->r10;
    s->user.r8 = r->r8;
    s->user.r9 = r->r9;
    s->user.rbx = POSIX_AREA + POSIX_AREA_ORDERS;
    s->user.r12 = 1;
    s->user.rsp = POSIX_AREA + POSIX_AREA_ORDERS + 0x400;
    s->area->order_count = 1;
    s->orders[0] = (struct posix_order){r->rax, r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};
    memcpy((void *)s->area->orders, s->orders, sizeof s->orders[0]);
    s->order_next = 0;
    e = provoke(s);
    good = harmless(s, e);
    if (!good) {
        printf("# jump to %lx, %s: event %d signal %d\n", target, r->name, e, s->sig);
    }
    if (space_gone(s, 0) || s->held == 0 || e == EVENT_BAD || (e == EVENT_SIGNAL && s->sig == SIGUSR1)) {
        space_end(s);
        *alive = false;
    }
    return good;
}

static void test_jumps(void)
{
    struct space s;
    bool alive = false, good = true;
    unsigned jumps = 0;

    for (uint64_t at = POSIX_GATE_PAGE; at < POSIX_STUB_PAGE + 0x1000 && good; at++) {
        bool code = at < POSIX_GATE_RET + 16 || (at >= POSIX_STUB_PAGE && at < POSIX_STUB_FINISH + 0x200);

        for (unsigned n = 0; n < USEFUL && good; n++) {
            if (code || n == at % USEFUL) {
                good = jump(&s, &alive, at, &useful[n]);
                jumps++;
            }
        }
    }
    ok(good, "%u jumps to every byte of gate and stub", jumps);
    if (alive) {
        space_end(&s);
    }
}

CODE(attack_raw, "syscall; hlt");
CODE(attack_vsyscall, "mov $0xffffffffff600000, %r15; call *%r15; hlt");
#define TO_32BIT "push $0x23; lea 1f(%rip), %rcx; push %rcx; lretq; 1: .code32; "
CODE(attack_32_int80, TO_32BIT "movl $1, %eax; int $0x80; hlt; .code64");
CODE(attack_32_sysenter, TO_32BIT "movl $1, %eax; movl %esp, %ebp; sysenter; hlt; .code64");
CODE(attack_32_syscall, TO_32BIT "movl $1, %eax; syscall; hlt; .code64");
CODE(attack_32_mmap, TO_32BIT "movl $192, %eax; movl $0x600000, %ebx; movl $0x1000, %ecx; movl $7, %edx;"
                              "movl $0x11, %esi; movl $3, %edi; xorl %ebp, %ebp; int $0x80; hlt; .code64");
CODE(attack_32_into, TO_32BIT "movb $0x7f, %al; addb $1, %al; into; hlt; .code64");
CODE(attack_sysenter, "mov $1, %eax; mov %rsp, %rbp; sysenter; hlt");
CODE(attack_icebp, ".byte 0xf1; hlt");
CODE(attack_segments,
     "mov $0x2b, %eax; mov %eax, %ds; mov %eax, %es; xor %eax, %eax; mov %eax, %fs; mov %eax, %gs; syscall");
CODE(attack_gs_gone, "mov $0x700000, %eax; wrgsbase %rax; mov $0x7e0000000000, %rcx; call *%rcx; hlt");
CODE(attack_gs_data, "mov $0x500000, %eax; wrgsbase %rax; mov $0x7e0000000000, %rcx; call *%rcx; hlt");
CODE(attack_gs_kernel,
     "mov $0xffff888000000000, %rax; wrgsbase %rax; mov $0x7e0000000000, %rcx; call *%rcx; hlt");
CODE(attack_stack, "mov %r15, %rsp; ud2");
CODE(attack_stack_syscall, "mov %r15, %rsp; mov $60, %eax; syscall; hlt");
CODE(attack_stack_gate, "mov %r15, %rsp; mov $0x7e0000000000, %rcx; jmp *%rcx");
CODE(attack_area,
     "mov $0x7e0000010000, %rdi; mov $0x4000, %ecx; mov $0x4141414141414141, %rax; rep stosq; syscall; hlt");
CODE(attack_resume, "mov $0x7e0000001120, %rcx; jmp *%rcx");
CODE(attack_spin, "1: jmp 1b");
CODE(attack_flags, "push $0x254fd7; popfq; syscall; hlt");
CODE(attack_wrpkru, "xor %ecx, %ecx; xor %edx, %edx; mov $-1, %eax; .byte 0x0f, 0x01, 0xef; push %rax; hlt");
CODE(attack_smsw, "smsw %ax; sgdt -64(%rsp); sidt -64(%rsp); str %ax; sldt %ax; hlt");

static void test_programs(void)
{
    static const struct program {
        const char *name, *code, *end;
        uint64_t r15;
    } programs[] = {
#define PROGRAM(name, r15) {#name, attack_##name, attack_##name##_end, r15}
        PROGRAM(vsyscall, 0),
        PROGRAM(32_int80, 0),
        PROGRAM(32_sysenter, 0),
        PROGRAM(32_syscall, 0),
        PROGRAM(32_mmap, 0),
        PROGRAM(32_into, 0),
        PROGRAM(sysenter, 0),
        PROGRAM(icebp, 0),
        PROGRAM(segments, 0),
        PROGRAM(gs_gone, 0),
        PROGRAM(gs_data, 0),
        PROGRAM(gs_kernel, 0),
        PROGRAM(area, 0),
        PROGRAM(resume, 0),
        PROGRAM(spin, 0),
        PROGRAM(flags, 0),
        PROGRAM(wrpkru, 0),
        PROGRAM(smsw, 0),
        PROGRAM(stack, POSIX_AREA + 0x8000),
        PROGRAM(stack, POSIX_AREA + 0x8010),
        PROGRAM(stack, POSIX_AREA + 0x8100),
        PROGRAM(stack, POSIX_AREA + 0x9000),
        PROGRAM(stack, POSIX_AREA + 0x1f000),
        PROGRAM(stack, POSIX_AREA + POSIX_AREA_SIZE),
        PROGRAM(stack, 0x700000),
        PROGRAM(stack, 0),
        PROGRAM(stack, 0xffffffff81000000),
        PROGRAM(stack, 0x1234567812345678),
        PROGRAM(stack, POSIX_STUB_PAGE + 0x800),
        PROGRAM(stack_syscall, POSIX_AREA + 0x8010),
        PROGRAM(stack_syscall, 0xffffffff81000000),
        PROGRAM(stack_syscall, POSIX_AREA + POSIX_AREA_SIZE - 8),
        PROGRAM(stack_gate, 0x700000),
        PROGRAM(stack_gate, 0xffff888000000000),
        PROGRAM(stack_gate, POSIX_AREA + 0x9000),
        PROGRAM(stack_gate, 3),
    };

    for (unsigned i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct space s;
        enum event e;

        try_code(&s, 2, programs[i].code, programs[i].end);
        s.user.r15 = programs[i].r15;
        e = provoke(&s);
        ok(harmless(&s, e), "attack %s %lx: event %d signal %d trap %lu arch %x rip %lx", programs[i].name,
           programs[i].r15, e, s.sig, s.trap, s.arch, s.user.rip);
        space_end(&s);
    }
}

/* Every system call, raw, as 64-bit and as x32; 335 and 336 would pass the filter, but not the dispatch. */
static void test_raw(void)
{
    struct space s;
    bool good = true;

    try_code(&s, 2, attack_raw, attack_raw_end);
    for (uint64_t i = 0; i < 1200 && good; i++) {
        uint64_t nr = i / 2 | (i % 2 != 0 ? 0x40000000 : 0);

        set_code(&s, attack_raw, attack_raw_end);
        s.user.rax = nr;
        s.user.rdi = POSIX_SPACE_FD_RAM;
        s.user.rsi = 0x1000;
        good = provoke(&s) == EVENT_SIGNAL && s.sig == SIGSYS && s.user.rip == USER_CODE + 2 &&
               s.user.rax == nr;
        if (!good) {
            printf("# %lx: signal %d code %x trap %lu rip %lx rax %lx\n", nr, s.sig, s.code, s.trap,
                   s.user.rip, s.user.rax);
        }
    }
    ok(good && untouched(&s) != 0, "1200 raw system calls: all of them SIGSYS, with rax");
    space_end(&s);
}

static void test_xsave_garbage(void)
{
    struct space s;
    bool alive = false, good = true;
    unsigned refused = 0;

    srand(1);
    for (int i = 0; i < 300 && good; i++) {
        enum event e;

        if (!alive) {
            try_code(&s, 2, attack_raw, attack_raw_end);
            alive = true;
        }
        set_code(&s, attack_raw, attack_raw_end);
        for (unsigned b = 0; b < 4096; b++) {
            s.area->fpu[b] = (uint8_t)rand();
        }
        if (i % 3 == 0) {
            memset((void *)(s.area->fpu + 512), 0, 64);
            s.area->fpu[512] = 7;
        }
        s.fpu_from = POSIX_AREA + POSIX_AREA_FPU + (i % 10 == 9 ? 8 : 0);
        e = provoke(&s);
        good = harmless(&s, e) && (e == EVENT_SIGNAL || e == EVENT_DEAD);
        refused += e == EVENT_SIGNAL && s.sig == SIGSEGV && s.where == POSIX_WHERE_RESUME;
        if (e == EVENT_DEAD) {
            space_end(&s);
            alive = false;
        }
    }
    ok(good && refused > 0, "garbage in the XSAVE image: %u of 300 are #GP in the resume range", refused);
    if (alive) {
        space_end(&s);
    }
}

/* What monitor code must force, forgotten: user code resumed with selectors and addresses of every kind. */
static void test_bad_frames(void)
{
    static const uint64_t selectors[] = {0, 3, 0x10, 0x18, 0x23, 0x2b, 0x33, 0x3b, 0x43, 0xfff8, 0xffff};
    struct space s;
    bool alive = false, good = true;

    for (unsigned i = 0; i < 11 * 11 && good; i++) {
        enum event e;

        if (!alive) {
            try_code(&s, 2, attack_raw, attack_raw_end);
            alive = true;
        }
        set_code(&s, attack_raw, attack_raw_end);
        s.user.cs = selectors[i / 11];
        s.user.ss = selectors[i % 11];
        e = provoke(&s);
        good = harmless(&s, e);
        if (space_gone(&s, 0)) {
            space_end(&s);
            alive = false;
        }
    }
    ok(good, "frames with 121 pairs of selectors");
    if (alive) {
        space_end(&s);
    }
}

void test_attacks(void)
{
    struct space s;

    try_code(&s, 2, attack_spin, attack_spin_end);
    if (untouched(&s) < 0) {
        skip("mappings and descriptors of a space",
             "/proc of a process that is not dumpable needs CAP_SYS_PTRACE");
    } else {
        ok(untouched(&s) == 1, "a space maps gate, stub, area and what was ordered; only RAM is open");
    }
    space_end(&s);
    test_raw();
    test_programs();
    test_xsave_garbage();
    test_bad_frames();
    test_jumps();
}
