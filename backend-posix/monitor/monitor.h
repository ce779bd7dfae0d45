/* SPDX-License-Identifier: MIT */
/*
 * What the files of the monitor share. The monitor is the part of the vcpu process that is not the guest: it has
 * the process's system calls and signals. Freestanding: no libc, no thread-local storage; its own memory is its
 * image and what it maps above PV_POSIX_MONITOR.
 *
 * Two ways lead in: a call of the guest half (calls.c), on the monitor's own stack, and a signal (signals.c), on
 * the signal stack. A signal that comes while the monitor runs only leaves a mark; guest memory is reached
 * through the alias of RAM alone, so a fault inside the monitor is a bug and ends the guest (MONITOR_CHECK).
 */
#ifndef PVOPS_POSIX_MONITOR_H
#define PVOPS_POSIX_MONITOR_H

#include <signal.h>
#include <ucontext.h>

#include <pvops/arch/x86_64/frame.h>
#include <pvops/arch/x86_64/pte.h>
#include <pvops/backend/abi.h>

#include "../walk.h"
#include "shared.h"

#define ABI (&pv_posix_abi)
#define RAM ((char *)PV_POSIX_ALIAS)
#define AREA(slot) ((struct posix_area *)(PV_POSIX_SHARED + (uint64_t)(slot) * POSIX_AREA_SIZE))

#define USER_BASE 0x10000UL
#define USER_END 0x600000000000UL

/* Values of pvops/trap.h, which the monitor does not include: it has no ops. */
#define VECTOR_SYSCALL 0x100

/* die.c: the guest ends with status 70 and a line that says why. */
__attribute__((noreturn)) void monitor_die(const char *why);
#define MONITOR_CHECK(cond)                                                                                  \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            monitor_die("posix monitor: this does not hold: " #cond);                                        \
    } while (0)
__attribute__((noreturn)) void monitor_host_fails(const char *why); /* status 69 */
void monitor_crash_guest(const char *why, const struct pv_frame *frame); /* no handler could be entered */
__attribute__((noreturn)) void monitor_exit(void);
void monitor_control(const char *data, size_t size);

/* guest.c: guest memory by virtual address of the kernel half, through the tables and the alias. */
bool guest_read(void *to, pv_va_t from, size_t size);
bool guest_write(pv_va_t to, const void *from, size_t size);
char *guest_at(pv_va_t va, size_t size, bool write); /* one run inside a page, or NULL */
bool guest_rip(uint64_t rip);                        /* code of the guest, not of the monitor */

/* signals.c */
void signals_init(void);
/* Put a frame on a kernel stack; gives its address. A stack that cannot take it is a double fault. */
pv_va_t frame_put(pv_va_t top, struct pv_frame *frame, uint64_t *entry);

/* filter-vcpu.c: from here on the process can do what the monitor does, and no more. */
void filter_vcpu(void);

/* start.S */
__attribute__((noreturn)) void monitor_enter_guest(pv_va_t frame, uint64_t entry);
__attribute__((noreturn)) void monitor_start_guest(uint64_t entry);
extern const char monitor_call_entry[], monitor_restorer[];
extern const char monitor_wait_begin[], monitor_wait_end[], monitor_wait_interrupted[];
/* A system call with up to five arguments, unless *attention is not 0 when it begins: -EINTR then. */
long monitor_wait(long nr, long a, long b, long c, long d, long e);
extern volatile uint32_t monitor_attention; /* set by every signal */

/* calls.c */
uint64_t monitor_call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c);

/* fill.c: host mappings of this process. */
bool fill_fault(pv_va_t va, uint64_t access, uint64_t *error); /* true: mapped, go on */
void fill_drop(pv_va_t va, uint64_t size);
void fill_drop_all(void);
void fill_drop_user(void);

/* clock.c: ns on CLOCK_MONOTONIC since the start, and one timer. */
void clock_init(uint64_t vdso);
uint64_t clock_now(void);
uint64_t clock_wall(void);
uint64_t clock_steal(void);
void clock_timer(uint64_t deadline); /* 0: stop */
void clock_alarm(void);              /* SIGALRM came */
void clock_watch(bool on);           /* while user code runs: an alarm at least every 100 ms */
void clock_idle(void);               /* sleep until a signal */

/* console.c */
void console_init(void);
bool console_signal(void); /* SIGIO came: whether the line has to be raised */
uint64_t console_write(pv_va_t data, uint64_t size);
uint64_t console_read(pv_va_t data, uint64_t size);
uint64_t console_events(void);
void console_flush(void);
void console_write_all(pv_va_t data, uint64_t size);

/* cache.c: what a space has mapped of its root. */
struct cache {
    uint64_t *keys;   /* va | 1, 0: free, 2: was deleted */
    uint64_t *values; /* pa | PROT_x */
    uint32_t size;    /* a power of two */
    uint32_t used;    /* keys that are not free */
    uint32_t pages;   /* mapped */
    uint64_t span;    /* largest page size that was filled: what an invalidation has to drop around an address */
};
void cache_put(struct cache *cache, pv_va_t va, uint64_t value);
bool cache_get(const struct cache *cache, pv_va_t va, uint64_t *value);
void cache_remove(struct cache *cache, pv_va_t va);
void cache_clear(struct cache *cache);
void *monitor_map_private(size_t size);
void monitor_unmap_private(void *at, size_t size);

/* space.c: processes that hold user code. */
struct space {
    pv_pa_t root;      /* its address space, 0: free for any */
    uint32_t slot;
    int listener, pidfd, pid;
    uint64_t held;     /* id of the notification that holds its thread */
    uint64_t checked;  /* ABI->root_loads when the cache was last held against the tables */
    uint64_t last_use;
    uint32_t fpu_from; /* offset in the area of the FPU state of its last signal, 0: it is in the thread */
    bool kicked;       /* a kick was sent that was not reported yet */
    bool alive, stale; /* stale: drop everything before use */
    bool ran;          /* user code has run there */
    struct cache cache;
};
void spaces_init(void);
void spaces_need_zygote(void); /* spaces die with the zygote: the guest ends if that has happened */
struct space *space_for(pv_pa_t root); /* made if there is none; NULL: it cannot be */
void space_release(pv_pa_t root);
void space_kill(struct space *space);
bool space_sync(struct space *space); /* make the cache true; false: the space has died */
void space_invalidate(pv_va_t va, uint64_t size, bool all);
bool space_fill(struct space *space, pv_va_t va, uint64_t access, uint64_t *error); /* false: *error, or 0 for death */
void space_check_memory(struct space *space, pv_va_t va); /* crash of the guest if the host has no page for it */
uint64_t space_cpu_time(void); /* of all that there are and were, ns */

/* handoff.c: one thread's comings and goings. */
struct report {
    uint32_t kind;
    uint64_t info, context;
    uint64_t rip; /* instruction behind the system call */
    uint64_t nr, args[6];
};
void handoff_prepare(struct space *space);
bool handoff_receive(struct space *space, struct report *report, bool interruptible); /* false: died, or a signal came */
bool handoff_reply(struct space *space, int64_t value, bool go_on);

/* run.c */
__attribute__((noreturn)) void run_user(pv_va_t frame);
bool run_stub_on(struct space *space, const struct report *report);
/* fpu.c */
void fpu_init(void);
void fpu_save(pv_va_t area);
bool fpu_restore(pv_va_t area); /* false: the area is not valid */
void fpu_resume(struct space *space); /* sets area->fpu_from, fpu_mask */
void fpu_resume_from(struct space *space, uint64_t state); /* the image of a signal frame */
void fpu_seen(struct space *space, uint64_t state); /* address of the frame's state, 0: gate */

#endif
