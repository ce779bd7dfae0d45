/* SPDX-License-Identifier: MIT */
/*
 * A small monitor for space-test.c and its parts: an ordinary host process that starts the zygote as pvrun
 * would and drives spaces by backend-posix/monitor/shared.h. Not the product's monitor: no guest, no walk.
 */
#ifndef PVOPS_TESTS_SPACE_MONITOR_H
#define PVOPS_TESTS_SPACE_MONITOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend-posix/monitor/launch.h"
#include "backend-posix/monitor/shared.h"
#include "backend-posix/monitor/space.h"
#include "backend-posix/monitor/stub-layout.h"

#define RAM_SIZE (64UL << 20)
#define USER_CODE 0x400000UL /* where try_code() maps the code page, readable and executable */
#define USER_DATA 0x500000UL /* and DATA_PAGES of memory */
#define DATA_PAGES 16UL
#define CODE_PAGE 1 /* page of RAM */
#define DATA_PAGE 16

enum event {
    EVENT_READY,
    EVENT_SIGNAL,
    EVENT_GATE,
    EVENT_ORDERS,
    EVENT_DENIED,
    EVENT_DEAD,
    EVENT_TIMEOUT,
    EVENT_BAD
};

/* A frame as area.resume has it: r15 first. */
struct context {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax, vector, error, rip, cs,
        rflags;
    uint64_t rsp, ss;
};
_Static_assert(sizeof(struct context) == 22 * 8, "a frame");

struct space {
    uint32_t slot;
    int listener, pidfd;
    pid_t pid;
    volatile struct posix_area *area;
    uint64_t held;                               /* notification to answer, 0 if none */
    struct posix_order orders[POSIX_ORDERS_MAX]; /* private copy */
    unsigned order_count, order_next;
    struct context user; /* last reported, next to be resumed */
    uint64_t fpu_from;   /* with it */
    uint64_t fs_base;
    bool in_stub; /* what was resumed last is stub code, `user` waits for its own report */
    struct context stub;
    uint64_t stub_fpu;
    bool direct; /* wait in the listener alone: faster, but not to be used where the space may die */
    uint64_t reports, retries; /* statistics */
    /* of the last signal */
    int sig, code, arch;
    uint64_t call_address, fault_address, trap, error;
    enum posix_where where;
    uint64_t hits[POSIX_WHERE_STUB + 1]; /* kicks by where they hit */
};

extern uint8_t *ram;
extern pid_t zygote;
extern int zygote_socket;
extern uint64_t xsave_mask;

void monitor_start(const char *zygote_path);
int space_make(struct space *space, uint32_t slot); /* 0 or -errno; READY is held */
void space_end(struct space *space);                /* kills, waits, closes */
bool space_gone(struct space *space, int timeout_ms);
void space_kick(const struct space *space);

enum event space_wait(struct space *space); /* next report as it comes */
void space_reply(struct space *space, int64_t value);
enum event space_again(struct space *space); /* after a kick that hit the stub: back into it */
void space_run(struct space *space);         /* resume `user` */
enum event space_go(struct space *space);    /* the same, then the next event of user code */
enum event space_order(struct space *space, uint64_t nr, uint64_t address, uint64_t size, uint64_t prot,
                       uint64_t page); /* one order while held; EVENT_ORDERS if done */
enum event space_do_orders(struct space *space, unsigned count); /* area.orders and .orders are set */

/* A space with this code mapped at USER_CODE, memory at USER_DATA, `user` at the code's start. */
void try_code(struct space *space, uint32_t slot, const void *code, const void *end);
void set_code(struct space *space, const void *code, const void *end);

/* TAP */
void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *name, const char *why);
int tap_end(void);
void fatal(const char *what) __attribute__((noreturn));

/* Code for user mode, position-independent: CODE(name, "instructions"). */
#define CODE(name, text)                    \
    extern const char name[], name##_end[]; \
    __asm__(".pushsection .rodata\n" #name ":\n" text "\n" #name "_end:\n.popsection")

void test_attacks(void);
void test_filter(void);
void test_kicks(uint64_t count);
void test_steps(void);
void test_life(const char *self, const char *zygote_path);
void life_victim(const char *zygote_path) __attribute__((noreturn));
void measure(void);

#endif
