/* SPDX-License-Identifier: MIT */
/*
 * Processes and their life: fork makes one, exec (exec.c) gives it a program, exit ends it, wait takes
 * notice. A process that is killed only gets a mark: it ends by itself on its way back to user mode
 * (trap.c), where it holds nothing. So no code of the kernel has to think of vanishing in the middle. Called
 * by syscall.c. Read next: space.c for what fork does to memory, exec.c.
 */
#include "proc.h"

static struct proc procs[PROC_MAX];

/* sched_lock must be held when using these. */
static int next_pid = PID_INIT + 1;
static int foreground; /* group that ^C kills; 0: none */

/* --- slots and numbers: sched_lock is held --- */

static struct proc *find_free(void)
{
    for (struct proc *proc = procs; proc < procs + PROC_MAX; proc++)
        if (proc->state == PROC_FREE)
            return proc;
    return NULL;
}

static struct proc *find_pid(int pid)
{
    for (struct proc *proc = procs; proc < procs + PROC_MAX; proc++)
        if (proc->state != PROC_FREE && proc->pid == pid)
            return proc;
    return NULL;
}

static int new_pid(void)
{
    int pid;

    do {
        pid = next_pid;
        next_pid = pid < INT32_MAX ? pid + 1 : PID_INIT + 1;
    } while (find_pid(pid) != NULL);
    return pid;
}

/* --- making --- */

static void give_slot_back(struct proc *proc)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);

    proc->state = PROC_FREE;
    lock_release(&sched_lock, flags);
}

/* Take a slot and give it a stack. The process is NEW: on no queue, and without pid. */
static int take_slot(struct proc **result)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    struct proc *proc = find_free();
    int error;

    if (proc != NULL)
        *proc = (struct proc){.state = PROC_NEW};
    lock_release(&sched_lock, flags);
    if (proc == NULL)
        return -EAGAIN;

    error = stack_get((unsigned)(proc - procs), &proc->stack);
    if (error < 0)
        give_slot_back(proc);
    *result = proc;
    return error;
}

int proc_start_thread(const char *name, int pid, void (*start)(void *), void *arg)
{
    struct proc *proc;
    int error = take_slot(&proc);

    if (error < 0)
        return error;
    str_copy(proc->name, name, PROC_NAME_SIZE);
    proc->pid = pid;
    proc->start = start;
    proc->start_arg = arg;
    sched_start(proc);
    return 0;
}

/* The child's first steps: out of a system call that it never made. */
static void fork_return(void *unused)
{
    (void)unused;
    pv_irq_disable();
    pv_trap_return_to(proc_user_frame(proc_current()));
}

/* What the child has of its parent, but for memory and kin. */
static void inherit(struct proc *child, const struct proc *parent)
{
    pv_irq_flags_t flags;

    *proc_user_frame(child) = *proc_user_frame(parent);
    proc_user_frame(child)->rax = 0;
    child->tls = parent->tls;
    str_copy(child->name, parent->name, PROC_NAME_SIZE);
    for (int fd = 0; fd < FD_COUNT; fd++)
        if (parent->files[fd] != NULL)
            child->files[fd] = file_share(parent->files[fd]);

    flags = pv_irq_save(); /* the registers are the parent's as long as it runs */
    pv_cpu_fpu_save(child->stack.fpu);
    pv_irq_restore(flags);
}

int proc_fork(void)
{
    struct proc *parent = proc_current(), *child;
    pv_irq_flags_t flags;
    int pid, error = take_slot(&child);

    if (error < 0)
        return error;
    error = space_fork(&child->space, &parent->space);
    if (error < 0) {
        give_slot_back(child);
        return error;
    }
    inherit(child, parent);
    child->start = fork_return;

    flags = lock_acquire(&sched_lock);
    pid = child->pid = new_pid();
    child->parent = parent;
    child->group = parent->group;
    lock_release(&sched_lock, flags);
    sched_start(child);
    return pid;
}

void proc_replace_space(const struct space *space)
{
    struct proc *proc = proc_current();
    pv_irq_flags_t flags = pv_irq_save();
    struct space old = proc->space;

    sched_unload_user();
    if (space != NULL) {
        proc->space = *space;
        /* Only now: before, a switch would have saved the old program's registers over it. */
        pv_cpu_fpu_init(proc->stack.fpu);
        sched_load_user();
    } else {
        proc->space.root = 0;
    }
    pv_irq_restore(flags);
    if (old.root != 0)
        space_destroy(&old);
}

/* --- ending --- */

/* init takes the children of a process that ends. sched_lock is held. */
static void orphan_children(const struct proc *parent)
{
    struct proc *init = find_pid(PID_INIT);

    for (struct proc *proc = procs; proc < procs + PROC_MAX; proc++) {
        if (proc->state == PROC_FREE || proc->parent != parent)
            continue;
        proc->parent = init;
        if (proc->state == PROC_ENDED)
            sched_wake_locked(&init->child_ended);
    }
}

void proc_exit(int status)
{
    struct proc *proc = proc_current();

    if (proc->pid == PID_INIT)
        kernel_off(status < STATUS_KILLED ? (unsigned)status : 255);

    pv_irq_enable();
    for (int fd = 0; fd < FD_COUNT; fd++)
        if (proc->files[fd] != NULL)
            file_release(proc->files[fd]);
    proc_replace_space(NULL);

    pv_irq_disable();
    lock_take(&sched_lock);
    orphan_children(proc);
    proc->exit_status = status;
    proc->state = PROC_ENDED;
    sched_wake_locked(&proc->parent->child_ended);
    sched_leave();
}

/* A child that has ended, or any that fits, or NULL. pid 0 stands for all. sched_lock is held. */
static struct proc *find_child(const struct proc *parent, int pid)
{
    struct proc *found = NULL;

    for (struct proc *proc = procs; proc < procs + PROC_MAX; proc++) {
        if (proc->state == PROC_FREE || proc->parent != parent || (pid != 0 && proc->pid != pid))
            continue;
        found = proc;
        if (proc->state == PROC_ENDED)
            break;
    }
    return found;
}

int proc_wait(int pid, int *status, bool block)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    struct proc *proc = proc_current(), *child;
    int result;

    while ((child = find_child(proc, pid)) != NULL && child->state != PROC_ENDED && block) {
        result = sched_sleep_locked(&proc->child_ended);
        if (result < 0)
            goto out;
    }
    if (child == NULL) {
        result = -ECHILD;
    } else if (child->state != PROC_ENDED) {
        result = 0;
    } else {
        result = child->pid;
        *status = child->exit_status;
        child->state = PROC_FREE;
    }
out:
    lock_release(&sched_lock, flags);
    return result;
}

/* --- killing --- */

/* sched_lock is held. */
static void kill_locked(struct proc *proc)
{
    proc->killed = true;
    sched_wake_one_locked(proc);
}

int proc_kill(int pid)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    struct proc *proc = pid > 0 ? find_pid(pid) : NULL;
    int result = proc == NULL ? -ESRCH : pid == PID_INIT ? -EPERM : 0;

    if (result == 0)
        kill_locked(proc);
    lock_release(&sched_lock, flags);
    return result;
}

void proc_set_group(int group, bool in_foreground)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    struct proc *proc = proc_current();

    proc->group = group != 0 ? group : proc->pid;
    if (in_foreground)
        foreground = proc->group;
    lock_release(&sched_lock, flags);
}

unsigned proc_kill_foreground(void)
{
    unsigned killed = 0;

    lock_take(&sched_lock);
    for (struct proc *proc = procs; foreground != 0 && proc < procs + PROC_MAX; proc++) {
        if (proc->state == PROC_FREE || proc->state == PROC_ENDED || proc->group != foreground ||
            proc->pid <= PID_INIT)
            continue;
        kill_locked(proc);
        killed++;
    }
    lock_drop(&sched_lock);
    return killed;
}

/* --- showing --- */

static enum ps_state shown_state(enum proc_state state)
{
    switch (state) {
    case PROC_RUNNING:
        return PS_RUNNING;
    case PROC_SLEEPING:
        return PS_SLEEPING;
    case PROC_ENDED:
        return PS_ENDED;
    default:
        return PS_READY;
    }
}

bool proc_info(int pid, struct psinfo *info)
{
    pv_irq_flags_t flags = lock_acquire(&sched_lock);
    const struct proc *found = NULL;

    for (struct proc *proc = procs; proc < procs + PROC_MAX; proc++)
        if (proc->state != PROC_FREE && proc->pid > pid && (found == NULL || proc->pid < found->pid))
            found = proc;
    memset(info, 0, sizeof *info);
    if (found != NULL) {
        info->pid = found->pid;
        info->parent = found->parent != NULL ? found->parent->pid : 0;
        info->group = found->group;
        info->state = (int)shown_state(found->state);
        info->pages = found->space.root != 0 ? found->space.pages : 0;
        info->cpu_ns = found->cpu_ns;
        str_copy(info->name, found->name, PROC_NAME_SIZE);
    }
    lock_release(&sched_lock, flags);
    return found != NULL;
}
