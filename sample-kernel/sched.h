/* SPDX-License-Identifier: MIT */
/*
 * Who runs: round robin with time slices, sleeping and waking. sched.c has the code, switch.S the few
 * instructions that C cannot say, mutex.c the lock to sleep with.
 *
 * One CPU so far. What belongs to a CPU is in struct cpu, what is shared is under sched_lock; starting more
 * CPUs would need an interrupt to another CPU where a process becomes ready, and the FPU state saved when a
 * process leaves a CPU instead of when another one needs the registers.
 */
#ifndef SAMPLE_SCHED_H
#define SAMPLE_SCHED_H

#include "kernel.h"
#include "lock.h"

struct proc;

/* Processes in order of arrival. A process is on one queue at most. sched_lock must be held. */
struct queue {
    struct proc *first, *last;
};

/* A CPU's own data: only this CPU uses it, with interrupts off. */
struct cpu {
    struct cpu *self;       /* must be first: this_cpu() reads it */
    struct proc *current;
    struct proc *idle;
    struct proc *fpu_owner; /* whose FPU state is in the registers, or NULL */
    pv_pa_t root;           /* page table that is loaded */
    uint64_t since;         /* when current began to run, ns */
    uint64_t slice_end;     /* until when it may run if others are ready, ns */
    uint64_t timer_at;      /* what the timer is set to, ns */
    bool resched;           /* current has to make room before it goes on */
};

/* The CPU's own data, found by its GS base. */
static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu)::"memory");
    return cpu;
}

/* For proc.c: states, queues and relations of all processes. */
extern struct lock sched_lock;

void sched_init(const struct pv_boot_info *info, struct proc *idle);

/* What the boot CPU does for ever after it has started the machine. */
PV_NORETURN void sched_idle(void);

/* Let a new process run. */
void sched_start(struct proc *proc);

/* Go to the end of the ready queue. Any flag, no lock. */
void sched_yield(void);

/*
 * Sleep on a queue until woken. Gives lock up meanwhile, unless it is NULL, and has it again when it
 * returns. Returns 0, or -EINTR when the process has been killed. Callers look again whether what they wait
 * for is so: others may have been faster. Interrupts are off, as with any lock held.
 */
int sched_sleep(struct queue *queue, struct lock *lock);

/* The same for callers that hold sched_lock and keep it. */
int sched_sleep_locked(struct queue *queue);

/* Sleep until the clock shows deadline (ns) or later. 0 or -EINTR. */
int sched_sleep_until(uint64_t deadline);

/* Make all who sleep on a queue ready. Any flag; the second with sched_lock held. */
void sched_wake(struct queue *queue);
void sched_wake_locked(struct queue *queue);

/* Make one process ready, whatever it sleeps for. sched_lock is held. */
void sched_wake_one_locked(struct proc *proc);

/* End the current process: switch away for ever. sched_lock is held. */
PV_NORETURN void sched_leave(void);

/* Load what user mode sees of the current process: memory, stack for traps, TLS, FPU. Interrupts are off. */
void sched_load_user(void);

/* Load the kernel's own page table and forget the FPU state of the current process. Interrupts are off. */
void sched_unload_user(void);

/* Time since sched_init(), ns. */
uint64_t sched_uptime(void);

/* The timer's interrupt. */
void sched_timer(void);

/* switch.S: save the callee-saved registers, put rsp to *saved_sp, go on with sp. Interrupts are off. */
void context_switch(void **saved_sp, void *sp);

/* A lock that may be held for long, and while sleeping. Zero-initialised. */
struct mutex {
    struct lock lock;
    bool held;
    struct queue waiters;
};

/* 0, or -EINTR when the process has been killed: then it does not have the mutex. */
int mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
