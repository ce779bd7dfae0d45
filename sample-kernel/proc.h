/* SPDX-License-Identifier: MIT */
/* Processes: their table, their life (proc.c). How they get the CPU is told by sched.h. */
#ifndef SAMPLE_PROC_H
#define SAMPLE_PROC_H

#include "file.h"
#include "sched.h"
#include "space.h"
#include "stack.h"

#define PROC_MAX 256
#define PROC_NAME_SIZE sizeof(((struct psinfo *)NULL)->name)
#define PID_INIT 1

enum proc_state {
    PROC_FREE,     /* the slot is empty */
    PROC_NEW,      /* being made, or the idle thread of a CPU: on no queue */
    PROC_READY,    /* on the ready queue */
    PROC_RUNNING,  /* on a CPU */
    PROC_SLEEPING, /* on the queue of what it waits for */
    PROC_ENDED,    /* until its parent asks how it ended */
};

/* A kernel thread, or with user memory a process. */
struct proc {
    /* sched_lock must be held when using these. */
    enum proc_state state;
    bool killed;                /* it ends when it next would go to user mode; its sleeps fail */
    int pid;                    /* 0: kernel thread */
    int group;                  /* for ^C */
    int exit_status;            /* once ENDED */
    struct proc *parent;        /* NULL: kernel threads, init */
    struct queue child_ended;   /* where it sleeps in wait */
    struct proc *next, *prev;   /* neighbours on queue */
    struct queue *queue;        /* what it is on, or NULL */
    uint64_t wake_at;           /* on the queue of sleepers: until when, ns */
    uint64_t cpu_ns;            /* time it has run */
    void *saved_sp;             /* of context_switch(), while it does not run */

    /* Only it uses these, or its maker before it runs. */
    struct stack stack;
    struct space space;
    pv_va_t tls;                /* FS base */
    struct file *files[FD_COUNT];
    char name[PROC_NAME_SIZE];
    void (*start)(void *);      /* where it begins */
    void *start_arg;
};

/* The process or thread that runs here; in one instruction, before and after which it may be moved. */
static inline struct proc *proc_current(void)
{
    struct proc *proc;

    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(proc) : "i"(offsetof(struct cpu, current)) : "memory");
    return proc;
}

/* The registers of the process's user code while it is in the kernel. */
static inline struct pv_frame *proc_user_frame(const struct proc *proc)
{
    return (struct pv_frame *)proc->stack.top - 1;
}

/*
 * Start a thread that runs start(arg) in the kernel. pid 0: it stays there; PID_INIT: it will become init,
 * by exec. Returns 0, -EAGAIN: no free slot, or -ENOMEM.
 */
int proc_start_thread(const char *name, int pid, void (*start)(void *), void *arg);

/* Give the current process another memory (exec), or none (NULL), and free what it had. */
void proc_replace_space(const struct space *space);

/* The system calls; see abi.h. proc_wait() with block == false is WAIT_NOHANG. */
int proc_fork(void);
PV_NORETURN void proc_exit(int status);
int proc_wait(int pid, int *status, bool block);
int proc_kill(int pid);
void proc_set_group(int group, bool foreground);

/* Kill the processes of the console's foreground group; returns how many. Interrupts are off. */
unsigned proc_kill_foreground(void);

/* The process with the lowest pid above pid, as ps shows it. False: there is none. */
bool proc_info(int pid, struct psinfo *info);

#endif
