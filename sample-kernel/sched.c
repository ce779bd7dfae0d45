/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Every thread has its kernel stack; to switch is to save the callee-saved registers on one
 * and take them from another (switch.S). sched_lock is held across the switch: who goes away takes it, who
 * comes drops it.
 *
 * There is no steady tick. The timer is a one-shot, set to the earlier of the first sleeper's time and the
 * end of the running process's slice, and the latter only while others are ready: an idle machine is silent,
 * and so is one with a single busy process.
 * Called by everything that waits; the timer's interrupt comes in through trap.c. Read next: switch.S, proc.c.
 */
#include "sched.h"

#include "proc.h"

#define SLICE (10 * PV_NS_PER_MS)
#define NEVER UINT64_MAX

struct lock sched_lock;

/* Under sched_lock. */
static struct queue ready;
static struct queue sleepers; /* sorted by wake_at */

static struct cpu boot_cpu;
static uint64_t boot_time;
static pv_pa_t boot_root; /* for threads without user memory */

/* --- queues --- */

/* Insert before a member, or at the end before NULL. */
static void queue_insert(struct queue *queue, struct proc *proc, struct proc *before)
{
    CHECK(proc->queue == NULL);
    proc->queue = queue;
    proc->next = before;
    proc->prev = before != NULL ? before->prev : queue->last;
    *(proc->prev != NULL ? &proc->prev->next : &queue->first) = proc;
    *(before != NULL ? &before->prev : &queue->last) = proc;
}

static void queue_remove(struct proc *proc)
{
    struct queue *queue = proc->queue;

    *(proc->prev != NULL ? &proc->prev->next : &queue->first) = proc->next;
    *(proc->next != NULL ? &proc->next->prev : &queue->last) = proc->prev;
    proc->queue = NULL;
}

static void make_ready(struct proc *proc)
{
    if (proc->queue != NULL)
        queue_remove(proc);
    proc->state = PROC_READY;
    queue_insert(&ready, proc, NULL);
}

/* --- the timer --- */

/*
 * Set the timer if it has to come earlier than it is set to. One that comes too early costs less than
 * setting it at every switch: its interrupt sets it anew.
 */
static void timer_update(struct cpu *cpu)
{
    uint64_t at = NEVER;

    if (sleepers.first != NULL)
        at = sleepers.first->wake_at;
    if (ready.first != NULL && cpu->current != cpu->idle)
        at = min_u64(at, cpu->slice_end);
    if (at < cpu->timer_at) {
        cpu->timer_at = at;
        pv_time_oneshot(at);
    }
}

void sched_timer(void)
{
    struct cpu *cpu = this_cpu();
    uint64_t now = pv_time_now();

    lock_take(&sched_lock);
    cpu->timer_at = NEVER;
    while (sleepers.first != NULL && sleepers.first->wake_at <= now)
        make_ready(sleepers.first);
    if (ready.first != NULL && (now >= cpu->slice_end || cpu->current == cpu->idle))
        cpu->resched = true; /* the switch will set the timer */
    else
        timer_update(cpu);
    lock_drop(&sched_lock);
}

/* --- switching --- */

void sched_load_user(void)
{
    struct cpu *cpu = this_cpu();
    struct proc *proc = cpu->current, *owner = cpu->fpu_owner;

    if (owner != NULL && owner != proc)
        pv_cpu_fpu_save(owner->stack.fpu);
    pv_trap_stack_set(proc->stack.top);
    pv_cpu_user_tls_set(proc->tls);
    if (cpu->root != proc->space.root) {
        cpu->root = proc->space.root;
        pv_mmu_load(cpu->root);
    }
    if (owner != proc)
        pv_cpu_fpu_restore(proc->stack.fpu);
    cpu->fpu_owner = proc;
}

void sched_unload_user(void)
{
    struct cpu *cpu = this_cpu();

    cpu->root = boot_root;
    pv_mmu_load(cpu->root);
    cpu->fpu_owner = NULL;
}

/* Give the CPU to the next process. sched_lock is held; current has its new state and queue. */
static void switch_away(void)
{
    struct cpu *cpu = this_cpu();
    struct proc *old = cpu->current, *new = ready.first != NULL ? ready.first : cpu->idle;
    uint64_t now = pv_time_now();

    if (new->queue != NULL)
        queue_remove(new);
    new->state = PROC_RUNNING;
    old->cpu_ns += now - cpu->since;
    cpu->since = now;
    cpu->slice_end = now + SLICE;
    cpu->resched = false;
    cpu->current = new;
    timer_update(cpu);
    if (new == old)
        return;
    if (new->space.root != 0)
        sched_load_user();
    context_switch(&old->saved_sp, new->saved_sp);
    /* Here old runs again, at another time. */
}

/* The first that a new thread does: see sched_start(). */
static void begin(void)
{
    struct proc *proc = proc_current();

    lock_drop(&sched_lock);
    pv_irq_enable();
    proc->start(proc->start_arg);
    kernel_crash("expected: a thread that does not return", NULL);
}

void sched_start(struct proc *proc)
{
    /* What context_switch() takes from a new stack: six registers and where to go. Below the user frame. */
    uint64_t *sp = (uint64_t *)proc_user_frame(proc);
    pv_irq_flags_t flags;

    *--sp = 0; /* the return address of begin(), and the 8 bytes that its stack has to be off 16 */
    *--sp = (uint64_t)begin;
    sp -= 6;
    memset(sp, 0, 6 * sizeof *sp);
    proc->saved_sp = sp;

    flags = lock_acquire(&sched_lock);
    make_ready(proc);
    timer_update(this_cpu());
    lock_release(&sched_lock, flags);
}

void sched_yield(void)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);

    if (proc_current() != this_cpu()->idle)
        make_ready(proc_current());
    switch_away();
    lock_release(&sched_lock, flags);
}

void sched_leave(void)
{
    switch_away();
    kernel_crash("expected: an ended process does not run", NULL);
}

/* --- sleeping --- */

int sched_sleep_locked(struct queue *queue)
{
    struct proc *proc = proc_current();

    if (proc->killed)
        return -EINTR;
    proc->state = PROC_SLEEPING;
    queue_insert(queue, proc, NULL);
    switch_away();
    return proc->killed ? -EINTR : 0;
}

int sched_sleep(struct queue *queue, struct lock *lock)
{
    int error;

    lock_take(&sched_lock);
    if (lock != NULL)
        lock_drop(lock);
    error = sched_sleep_locked(queue);
    lock_drop(&sched_lock);
    if (lock != NULL)
        lock_take(lock);
    return error;
}

int sched_sleep_until(uint64_t deadline)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    struct proc *proc = proc_current(), *later = sleepers.first;
    int error = -EINTR;

    if (!proc->killed) {
        while (later != NULL && later->wake_at <= deadline)
            later = later->next;
        proc->wake_at = deadline;
        proc->state = PROC_SLEEPING;
        queue_insert(&sleepers, proc, later);
        switch_away();
        error = proc->killed ? -EINTR : 0;
    }
    lock_release(&sched_lock, flags);
    return error;
}

void sched_wake_one_locked(struct proc *proc)
{
    if (proc->state == PROC_SLEEPING)
        make_ready(proc);
    timer_update(this_cpu());
}

void sched_wake_locked(struct queue *queue)
{
    while (queue->first != NULL)
        make_ready(queue->first);
    timer_update(this_cpu());
}

void sched_wake(struct queue *queue)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);

    sched_wake_locked(queue);
    lock_release(&sched_lock, flags);
}

/* --- start --- */

void sched_init(const struct pv_boot_info *info, struct proc *idle)
{
    struct cpu *cpu = &boot_cpu;

    boot_root = info->root;
    boot_time = pv_time_now();
    *cpu = (struct cpu){.self = cpu, .current = idle, .idle = idle, .root = boot_root};
    cpu->since = boot_time;
    cpu->timer_at = NEVER;
    pv_cpu_base_set(cpu);
}

uint64_t sched_uptime(void)
{
    return pv_time_now() - boot_time;
}

void sched_idle(void)
{
    for (;;) {
        pv_irq_disable();
        if (ready.first == NULL)
            pv_cpu_idle(); /* an interrupt that came since ends it: no wake-up is lost */
        else
            sched_yield();
        pv_irq_enable();
    }
}
