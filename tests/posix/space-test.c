/* SPDX-License-Identifier: MIT */
/*
 * Spaces of the posix backend, with this program as their monitor: TAP on standard output.
 *     space-test ZYGOTE [all|core|kick|attack|life|measure] [kicks for each loop]
 * Here: what user code may do and what must be preserved. Next: space-kick.c, space-attack.c, space-filter.c,
 * space-life.c, space-measure.c; the monitor's part of the work is in space-monitor.c.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "space-monitor.h"

#define FLAG_TF 0x100UL
#define FLAG_DF 0x400UL
#define FLAG_NT 0x4000UL
#define FLAG_AC 0x40000UL
#define FLAG_ID 0x200000UL
#define FLAGS_ARITHMETIC 0x8d5UL

CODE(user_syscall, "1: syscall; jmp 1b");
CODE(user_gate, "1: mov $0x7e0000000000, %rcx; call *%rcx; jmp 1b");
CODE(user_int21, "int $0x21; nop; nop; nop");
CODE(user_load, "1: mov (%rax), %rbx; int $0x21; jmp 1b");

static uint64_t random64(void)
{
    static uint64_t x = 0x9e3779b97f4a7c15;

    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static void test_syscall(void)
{
    struct space s;
    enum event e;

    try_code(&s, 0, user_syscall, user_syscall_end);
    s.user.rax = 0x1122334455667788;
    e = space_go(&s);
    ok(e == EVENT_SIGNAL && s.sig == SIGSYS && s.user.rip == USER_CODE + 2 &&
           s.user.rax == 0x1122334455667788,
       "syscall: event %d signal %d rip %lx rax %lx", e, s.sig, s.user.rip, s.user.rax);
    s.user.rax = SYS_exit_group;
    e = space_go(&s);
    ok(e == EVENT_SIGNAL && s.sig == SIGSYS && s.user.rax == SYS_exit_group,
       "syscall: exit_group reaches nothing");
    space_end(&s);
}

static void test_gate(void)
{
    struct space s;
    struct context before;
    enum event e;
    bool same = true;

    try_code(&s, 0, user_gate, user_gate_end);
    for (int i = 0; i < 100; i++) {
        uint64_t *words = (uint64_t *)&s.user;

        for (int w = 0; w < 15; w++) {
            words[w] = random64();
        }
        s.user.rflags = 0x202 | (random64() & (FLAGS_ARITHMETIC | FLAG_DF | FLAG_AC | FLAG_ID | FLAG_NT));
        before = s.user;
        e = space_go(&s);
        same = same && e == EVENT_GATE && s.user.rip == POSIX_GATE_RET && s.user.rflags == before.rflags;
        before.rcx = s.user.rcx;
        before.r11 = s.user.r11;
        same = same && memcmp(&before, &s.user, 15 * 8) == 0 &&
               s.user.rsp == before.rsp - (before.rip == USER_CODE ? 8 : 0);
    }
    ok(same, "gate: 100 calls keep all registers and flags (AC, DF, NT, ID too)");
    space_end(&s);
}

static void test_registers(void)
{
    struct space s;
    bool same = true;

    try_code(&s, 0, user_int21, user_int21_end);
    for (int i = 0; i < 1000 && same; i++) {
        struct context c;
        uint64_t *words = (uint64_t *)&s.user;

        for (int w = 0; w < 15; w++) {
            words[w] = random64();
        }
        s.user.rip = USER_CODE;
        s.user.rsp = random64() % 2 ? random64() >> 17 : random64();
        s.user.rflags = 0x202 | (random64() & (FLAGS_ARITHMETIC | FLAG_DF | FLAG_AC | FLAG_ID | FLAG_NT));
        c = s.user;
        same = space_go(&s) == EVENT_SIGNAL && s.sig == SIGSEGV && s.trap == 13 && s.error == 0x21 * 8 + 2;
        same = same && memcmp(&c, &s.user, 15 * 8) == 0 && c.rip == s.user.rip && c.rsp == s.user.rsp;
        same = same && (s.user.rflags & ~0x10000UL) == c.rflags;
        if (!same) {
            printf("# %d: sig %d trap %lu error %lx rip %lx rsp %lx/%lx flags %lx/%lx\n", i, s.sig, s.trap,
                   s.error, s.user.rip, s.user.rsp, c.rsp, s.user.rflags, c.rflags);
        }
    }
    ok(same, "int 0x21: 1000 resumes keep 15 registers, any rsp, AC DF NT ID and arithmetic flags");
    space_end(&s);
}

/* One single step, and a step over the gate. */
static void test_trap_flag(void)
{
    struct space s;
    enum event e;
    int steps = 0;

    try_code(&s, 0, user_load, user_load_end);
    s.user.rax = USER_DATA;
    s.user.rflags |= FLAG_TF;
    e = space_go(&s);
    ok(e == EVENT_SIGNAL && s.sig == SIGTRAP && s.trap == 1 && s.user.rip == USER_CODE + 3 &&
           (s.user.rflags & FLAG_TF) != 0,
       "TF: one instruction, then #DB");
    set_code(&s, user_gate, user_gate_end);
    s.user.rflags |= FLAG_TF;
    s.user.rax = 5;
    do {
        e = space_go(&s);
    } while (e == EVENT_SIGNAL && s.sig == SIGTRAP && steps++ < 100);
    ok(e == EVENT_GATE && s.user.rax == 5 && (s.user.rflags & FLAG_TF) != 0,
       "TF: the gate reports after %d steps", steps);
    space_end(&s);
}

/* XSAVE image: random registers, checked in the frame of the next signal. */
static void test_fpu(void)
{
    struct space s;
    uint8_t image[4096], again[4096];
    const uint64_t parts = 7 & xsave_mask;
    bool same = true;

    try_code(&s, 0, user_int21, user_int21_end);
    for (int i = 0; i < 200 && same; i++) {
        memset(image, 0, sizeof image);
        for (unsigned j = 160; j < 160 + 256; j += 8) {
            *(uint64_t *)(image + j) = random64();
            *(uint64_t *)(image + j + 416) = random64(); /* upper halves of ymm begin at 576 */
        }
        for (unsigned j = 32; j < 160; j += 16) {
            *(uint64_t *)(image + j) = random64() | 1UL << 63;
            *(uint16_t *)(image + j + 8) = 0x3fff;
        }
        *(uint16_t *)image = 0x027f;
        image[4] = 0xff;
        *(uint32_t *)(image + 24) = 0x1f80 | (i & 3) << 13;
        *(uint64_t *)(image + 512) = parts;
        memcpy((void *)s.area->fpu, image, sizeof image);
        s.fpu_from = POSIX_AREA + POSIX_AREA_FPU;
        s.user.rip = USER_CODE;
        same = space_go(&s) == EVENT_SIGNAL && s.sig == SIGSEGV;
        memcpy(again, (const uint8_t *)s.area + (s.fpu_from - POSIX_AREA), sizeof again);
        same = same && memcmp(image + 32, again + 32, 128 + 256) == 0 &&
               memcmp(image + 576, again + 576, 256) == 0;
        same = same && memcmp(image, again, 6) == 0 && memcmp(image + 24, again + 24, 4) == 0;
        if (i % 2 == 0) { /* resume from the frame itself */
            s.user.rip = USER_CODE;
            same = same && space_go(&s) == EVENT_SIGNAL && s.sig == SIGSEGV;
            memcpy(again, (const uint8_t *)s.area + (s.fpu_from - POSIX_AREA), sizeof again);
            same = same && memcmp(image + 32, again + 32, 384) == 0 &&
                   memcmp(image + 576, again + 576, 256) == 0;
        }
    }
    ok(same, "x87, SSE and AVX survive a resume from area.fpu and from the signal frame");
    space_end(&s);
}

CODE(user_ud2, "ud2");
CODE(user_int3, "int3; nop");
CODE(user_int4, "int $4");
CODE(user_int80, "mov $1, %eax; int $0x80; nop");
CODE(user_div, "xor %edx, %edx; xor %ecx, %ecx; div %ecx");
CODE(user_hlt, "hlt");
CODE(user_cli, "cli");
CODE(user_in, "in $0x60, %al");
CODE(user_ac, "orl $0x40000, (%rsp); pushfq; orl $0x40000, (%rsp); popfq; mov 1(%rsp), %rax");
CODE(user_read, "mov $0x700000, %eax; mov (%rax), %rax");
CODE(user_write, "mov $0x700000, %eax; mov %rax, (%rax)");
CODE(user_exec, "mov $0x700000, %eax; jmp *%rax");
CODE(user_exec_data, "mov $0x500000, %eax; jmp *%rax");
CODE(user_write_code, "mov $0x400000, %eax; mov %rax, (%rax)");
CODE(user_kernel, "mov $-4096, %rax; mov (%rax), %rax");
CODE(user_noncanonical, "movabs $0x1234567812345678, %rax; mov (%rax), %rax");
CODE(user_stack_fault, "movabs $0x1234567812345678, %rsp; push %rax");
CODE(user_xmm, "movl $0, -8(%rsp); ldmxcsr -8(%rsp); xorps %xmm0, %xmm0; divss %xmm0, %xmm0");
CODE(user_x87, "movw $0x340, -8(%rsp); fldcw -8(%rsp); fldz; fldz; fdivrp; fwait");
CODE(user_write_gate, "movabs $0x7e0000000000, %rax; mov %rax, (%rax)");
CODE(user_write_stub, "movabs $0x7e0000001000, %rax; mov %rax, (%rax)");
CODE(user_exec_area, "movabs $0x7e0000010000, %rax; jmp *%rax");

static void test_faults(void)
{
    static const struct fault {
        const char *name, *code, *end;
        int sig;
        uint64_t trap, error;
    } faults[] = {
#define FAULT(code, sig, trap, error) {#code, user_##code, user_##code##_end, sig, trap, error}
        FAULT(ud2, SIGILL, 6, 0),
        FAULT(int3, SIGTRAP, 3, 0),
        FAULT(int4, SIGSEGV, 4, 0),
        FAULT(div, SIGFPE, 0, 0),
        FAULT(hlt, SIGSEGV, 13, 0),
        FAULT(cli, SIGSEGV, 13, 0),
        FAULT(in, SIGSEGV, 13, 0),
        FAULT(ac, SIGBUS, 17, 0),
        FAULT(read, SIGSEGV, 14, 4),
        FAULT(write, SIGSEGV, 14, 6),
        FAULT(exec, SIGSEGV, 14, 0x14),
        FAULT(exec_data, SIGSEGV, 14, 0x15),
        FAULT(write_code, SIGSEGV, 14, 7),
        FAULT(kernel, SIGSEGV, 14, 5),
        FAULT(noncanonical, SIGSEGV, 13, 0),
        FAULT(stack_fault, SIGBUS, 12, 0),
        FAULT(xmm, SIGFPE, 19, 0),
        FAULT(x87, SIGFPE, 16, 0),
        FAULT(write_gate, SIGSEGV, 14, 7),
        FAULT(write_stub, SIGSEGV, 14, 7),
        FAULT(exec_area, SIGSEGV, 14, 0x15),
    };

    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct fault *f = &faults[i];
        struct space s;
        enum event e;

        try_code(&s, 0, f->code, f->end);
        e = space_go(&s);
        ok(e == EVENT_SIGNAL && s.sig == f->sig && s.trap == f->trap && s.error == f->error,
           "fault %s: event %d signal %d trap %lu error %lx", f->name, e, s.sig, s.trap, s.error);
        space_end(&s);
    }
}

static void test_int80(void)
{
    struct space s;
    enum event e;

    try_code(&s, 0, user_int80, user_int80_end);
    e = space_go(&s);
    ok(e == EVENT_SIGNAL && s.sig == SIGSYS && s.arch == 0x40000003 && s.user.rip == USER_CODE + 7,
       "int 0x80: SIGSYS of i386, rip behind it (arch %x rip %lx)", s.arch, s.user.rip);
    space_end(&s);
}

/* Fault, fill, go on: single pages, runs, then unmap and see it fault again. */
static void test_orders(void)
{
    struct space s;
    const uint64_t at = 0x10000000;
    bool good = true;

    try_code(&s, 0, user_load, user_load_end);
    for (uint64_t i = 0; i < 64; i++) {
        *(uint64_t *)(ram + (1000 + i) * 4096) = i + 1;
    }
    for (uint64_t i = 0; i < 64; i++) {
        s.user.rip = USER_CODE;
        s.user.rax = at + i * 4096;
        good = good && space_go(&s) == EVENT_SIGNAL;
        if (i % 16 == 0 || i < 16) {
            good = good && s.trap == 14 && s.fault_address == s.user.rax;
            good = good && space_order(&s, SYS_mmap, s.user.rax, (i < 16 ? 1 : 16) * 4096, PROT_READ,
                                       1000 + i) == EVENT_ORDERS;
            good = good && space_go(&s) == EVENT_SIGNAL;
        }
        good = good && s.trap == 13 && s.user.rbx == i + 1;
    }
    ok(good, "faults filled by single pages and by runs of 16");
    good = space_order(&s, SYS_munmap, 0x10000, 0x600000000000 - 0x10000, 0, 0) == EVENT_ORDERS;
    ok(good && space_go(&s) == EVENT_SIGNAL && s.trap == 14 && s.error == 0x14, "munmap of the whole window");
    for (unsigned i = 0; i < POSIX_ORDERS_MAX; i++) {
        s.orders[i] = (struct posix_order){SYS_mmap,   at + 2 * i * 4096,      4096,
                                           PROT_READ,  MAP_SHARED | MAP_FIXED, POSIX_SPACE_FD_RAM,
                                           1000 * 4096};
    }
    good = space_do_orders(&s, POSIX_ORDERS_MAX) == EVENT_ORDERS && s.order_next == POSIX_ORDERS_MAX;
    ok(good, "%d orders in one handoff", POSIX_ORDERS_MAX);
    space_end(&s);
}

CODE(user_fs, "mov %fs:0, %rax; rdfsbase %rbx; int $0x21");

static void test_fs(void)
{
    struct space s;

    try_code(&s, 0, user_fs, user_fs_end);
    *(uint64_t *)(ram + DATA_PAGE * 4096 + 64) = 4711;
    s.fs_base = USER_DATA + 64;
    ok(space_go(&s) == EVENT_SIGNAL && s.trap == 13 && s.user.rax == 4711 && s.user.rbx == USER_DATA + 64,
       "FS base is set");
    s.fs_base = 0x0000900000000000;
    s.user.rip = USER_CODE;
    ok(space_go(&s) == EVENT_SIGNAL && s.trap == 13 && s.where == POSIX_WHERE_RESUME_LOADED,
       "FS base that is not canonical: #GP in the resume range");
    space_end(&s);
}

int main(int argc, char **argv)
{
    const char *part = argc > 2 ? argv[2] : "all";
    bool all = strcmp(part, "all") == 0;

    if (argc < 2) {
        fprintf(stderr, "usage: space-test ZYGOTE [all|core|kick|attack|life|measure] [KICKS]\n");
        return 2;
    }
    if (strcmp(part, "victim") == 0) {
        life_victim(argv[1]);
    }
    monitor_start(argv[1]);
    if (all || strcmp(part, "core") == 0) {
        test_syscall();
        test_gate();
        test_registers();
        test_trap_flag();
        test_fpu();
        test_faults();
        test_int80();
        test_orders();
        test_fs();
    }
    if (all || strcmp(part, "kick") == 0) {
        test_kicks(argc > 3 ? strtoull(argv[3], NULL, 10) : 1000);
        test_steps();
    }
    if (all || strcmp(part, "attack") == 0) {
        test_filter();
        test_attacks();
    }
    if (all || strcmp(part, "life") == 0) {
        test_life(argv[0], argv[1]);
    }
    if (all || strcmp(part, "measure") == 0) {
        measure();
    }
    return tap_end();
}
