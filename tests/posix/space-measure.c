/* SPDX-License-Identifier: MIT */
/*
 * What a handoff costs: null `syscall`, gate, `int n`, a fault with one order, a run of 16 pages, a new
 * space. Medians of single handoffs (so that other load matters little), as TAP comments; never a failure.
 * The loops wait in the listener alone, without poll(2), as a monitor would.
 */
#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "space-monitor.h"

#define CALLS 20000
#define PAGES 8192 /* the upper half of RAM */
#define SPACES 100

static double times[CALLS];

CODE(loop_syscall, "1: syscall; jmp 1b");
CODE(loop_gate, "1: mov $0x7e0000000000, %rcx; call *%rcx; jmp 1b");
CODE(loop_int, "1: int $0x21; jmp 1b");
CODE(loop_touch, "1: mov (%rax), %rbx; add $4096, %rax; jmp 1b");

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void receive(struct space *s, struct seccomp_notif *n)
{
    do {
        memset(n, 0, sizeof *n);
    } while (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, n) != 0);
    s->held = n->id;
}

/* Resume at once what was reported: registers from the report, FPU from the frame after a signal. */
static void measure_calls(const char *name, const void *code, const void *end, bool gate, int skip_bytes)
{
    struct space s;

    try_code(&s, 0, code, end);
    for (int i = 0; i < 10; i++) {
        space_go(&s);
        s.user.rip += (uint64_t)skip_bytes;
    }
    for (int i = 0; i < CALLS; i++) {
        double start = now();
        struct seccomp_notif n;

        memcpy((void *)s.area->resume, &s.user, sizeof s.user);
        s.area->fpu_from = gate ? 0 : s.fpu_from;
        space_reply(&s, POSIX_REPLY_RESUME);
        receive(&s, &n);
        times[i] = now() - start;
    }
    printf("# %s: %.2f us\n", name, median(times, CALLS));
    space_end(&s);
}

static void measure_fill(const char *name, uint64_t pages)
{
    struct space s;
    const uint64_t at = 0x10000000, first = RAM_SIZE / 4096 - PAGES;
    int count = 0;

    try_code(&s, 0, loop_touch, loop_touch_end);
    memset(ram + first * 4096, 1, PAGES * 4096);
    s.user.rax = at;
    s.direct = true;
    for (uint64_t p = 0; p < PAGES; p += pages) {
        double start = now();

        if (space_go(&s) != EVENT_SIGNAL || s.fault_address != at + p * 4096 ||
            space_order(&s, SYS_mmap, s.fault_address, pages * 4096, PROT_READ, first + p) != EVENT_ORDERS) {
            fatal("fill");
        }
        times[count++] = now() - start;
    }
    printf("# %s: %.2f us\n", name, median(times, count));
    space_end(&s);
}

static void measure_spaces(void)
{
    static double ends[SPACES];

    for (int i = 0; i < SPACES; i++) {
        struct space s;
        double start = now();

        if (space_make(&s, (uint32_t)i) != 0) {
            fatal("space_make");
        }
        times[i] = now() - start;
        start = now();
        space_end(&s);
        ends[i] = now() - start;
    }
    printf("# new space: %.0f us, its end: %.0f us\n", median(times, SPACES), median(ends, SPACES));
}

void measure(void)
{
    measure_calls("syscall", loop_syscall, loop_syscall_end, false, 0);
    measure_calls("gate", loop_gate, loop_gate_end, true, 0);
    measure_calls("int n", loop_int, loop_int_end, false, 2);
    measure_fill("fault with one order", 1);
    measure_fill("fault with a run of 16 pages", 16);
    measure_spaces();
}
