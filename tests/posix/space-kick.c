/* SPDX-License-Identifier: MIT */
/*
 * Kicks: a second thread sends SIGUSR1, one at a time, at random moments, while user code loops, calls the
 * gate, makes system calls or faults. Nothing may be lost, done twice or changed, wherever in user code, gate
 * or stub a kick hits; the comment line tells where they did.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "space-monitor.h"

#define PATTERN(i) (0x0101010101010101UL * (0x10 + (i)))

/* Registers that no loop touches: r15 r14 r13 r10 r9 r8 rbp rdx have PATTERN(word), xmm15 has PATTERN(99). */
#define CHECK_XMM "movq %xmm15, %rcx; movabs $0x7373737373737373, %r11; cmp %rcx, %r11; jne 2f;"
#define CHECK_MXCSR "stmxcsr -8(%rsp); cmpl $0x7f80, -8(%rsp); jne 2f;"
#define BAD "2: ud2"

CODE(kick_spin, "1: inc %r12; lea (%r12,%r12), %rbx; cmp %rbx, %rbx; " CHECK_XMM CHECK_MXCSR "jmp 1b;" BAD);
CODE(kick_gate, "1: inc %r12; mov %r12, %rdi; mov $0x7e0000000000, %rcx; call *%rcx;"
                "lea 1(%r12,%r12,2), %rcx; cmp %rcx, %rax; jne 2f;" CHECK_MXCSR "jmp 1b;" BAD);
CODE(kick_syscall, "1: inc %r12; mov %r12, %rdi; syscall;"
                   "lea 1(%r12,%r12,2), %rcx; cmp %rcx, %rax; jne 2f;" CHECK_XMM CHECK_MXCSR "jmp 1b;" BAD);
CODE(kick_fault,
     "1: inc %r12; mov %r12, %rdi; mov %r12, %rsi; and $0xff, %rsi; shl $12, %rsi;"
     "mov 0x10000000(%rsi), %rax;"
     "mov %r12, %rcx; and $0xff, %rcx; cmp %rcx, %rax; jne 2f;" CHECK_XMM CHECK_MXCSR "jmp 1b;" BAD);

static struct space *target;
static atomic_bool outstanding, stop;

static void *kicker(void *nothing)
{
    unsigned seed = 4711;

    while (!atomic_load(&stop)) {
        if (!atomic_load(&outstanding)) {
            for (int wait = rand_r(&seed) % 16000; wait > 0; wait--) {
                __asm__ volatile("");
            }
            atomic_store(&outstanding, true);
            space_kick(target);
        }
    }
    return nothing;
}

static void set_registers(struct space *s)
{
    uint64_t *words = (uint64_t *)&s->user;
    uint8_t *image = (uint8_t *)s->area->fpu;
    const uint64_t pattern = 0x7373737373737373;

    for (unsigned i = 0; i < 12; i++) {
        words[i] = PATTERN(i);
    }
    s->user.r12 = 0;
    memset(image, 0, 1024);
    *(uint16_t *)image = 0x027f;
    *(uint32_t *)(image + 24) = 0x7f80;
    memcpy(image + 160 + 15 * 16, &pattern, 8);
    *(uint64_t *)(image + 512) = 3;
    s->fpu_from = POSIX_AREA + POSIX_AREA_FPU;
}

/* r15 r14 r13, r10 r9 r8 rbp, rdx */
static bool registers_kept(const struct space *s)
{
    static const unsigned kept[] = {0, 1, 2, 5, 6, 7, 8, 11};
    const uint64_t *words = (const uint64_t *)&s->user;
    bool same = true;

    for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        same = same && words[kept[i]] == PATTERN(kept[i]);
    }
    return same;
}

/* Answers for one event of the loops; false if it is not what the loop should do next. */
static bool serve(struct space *s, enum event e, uint64_t *count)
{
    if (e == EVENT_SIGNAL && s->sig == SIGSEGV && s->trap == 14 && s->user.rip < USER_CODE + 4096) {
        /* Drop and map again: never more than 16 pages stay, so that the loop goes on faulting. */
        uint64_t page = (s->fault_address - 0x10000000) / 4096;

        s->orders[0] =
            (struct posix_order){SYS_munmap, 0x10000000 + (page + 16) % 256 * 4096, 0x1000, 0, 0, 0, 0};
        s->orders[1] = (struct posix_order){
            SYS_mmap,           s->fault_address,    4096, PROT_READ, MAP_SHARED | MAP_FIXED,
            POSIX_SPACE_FD_RAM, (4096 + page) * 4096};
        *count = s->user.r12;
        return space_do_orders(s, 2) != EVENT_DENIED;
    }
    if (e == EVENT_GATE || (e == EVENT_SIGNAL && s->sig == SIGSYS)) {
        bool next = s->user.rdi == *count + 1 && s->user.r12 == s->user.rdi;

        *count = s->user.rdi;
        s->user.rax = s->user.rdi * 3 + 1;
        return next;
    }
    return false;
}

/* A kick that hit the stub is not an event of user code: so they are counted by where they hit. */
static uint64_t kicks_seen(const struct space *s)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= POSIX_WHERE_STUB; i++) {
        sum += s->hits[i];
    }
    return sum;
}

static void kick_loop(const char *name, const void *code, const void *end, uint64_t goal)
{
    struct space s;
    pthread_t thread;
    uint64_t kicks = 0, seen, count = 0;
    bool good = true;
    enum event e = EVENT_READY;

    try_code(&s, 0, code, end);
    set_registers(&s);
    target = &s;
    atomic_store(&stop, false);
    atomic_store(&outstanding, false);
    pthread_create(&thread, NULL, kicker, NULL);
    while (kicks < goal && good) {
        e = space_go(&s);
        if (e != EVENT_SIGNAL || s.sig != SIGUSR1) {
            good = serve(&s, e, &count);
        }
        good = good && registers_kept(&s);
        seen = kicks_seen(&s);
        if (seen != kicks) {
            kicks = seen;
            atomic_store(&outstanding, false);
        }
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    ok(good, "%s: %lu kicks, %lu withdrawn, %lu calls: event %d signal %d trap %lu rip %lx", name, kicks,
       s.retries, count, e, s.sig, s.trap, s.user.rip);
    printf("# hits: user %lu, gate %lu %lu %lu, resume %lu %lu, stub %lu\n", s.hits[0], s.hits[1], s.hits[2],
           s.hits[3], s.hits[4], s.hits[5], s.hits[6]);
    space_end(&s);
}

void test_kicks(uint64_t count)
{
    for (uint64_t page = 0; page < 256; page++) {
        *(uint64_t *)(ram + (4096 + page) * 4096) = page;
    }
    kick_loop("loop", kick_spin, kick_spin_end, count);
    kick_loop("gate", kick_gate, kick_gate_end, count);
    kick_loop("syscall", kick_syscall, kick_syscall_end, count);
    kick_loop("fault", kick_fault, kick_fault_end, count);
}
