/* SPDX-License-Identifier: MIT */
/* Kernel stacks with guard pages, and FPU save areas beside them: stack.c. */
#ifndef SAMPLE_STACK_H
#define SAMPLE_STACK_H

#include "kernel.h"

/*
 * 16 KiB. The deepest nesting is a system call, a page fault in its copy of user memory, and an interrupt
 * in that: 2.1 KiB were measured, 3 KiB without optimisation. The rest is room for whoever changes this
 * kernel; the guard page tells when it was too little.
 */
#define STACK_PAGES 4

struct stack {
    char *top; /* first byte behind the stack */
    void *fpu; /* pv_cpu_fpu_size() bytes, 64-byte aligned */
};

void stack_init(const struct pv_boot_info *info);

/*
 * The stack of a process slot. It is mapped when it is asked for the first time and stays for the next
 * process in that slot: what is never unmapped needs no invalidation on any CPU. Returns 0 or -ENOMEM.
 */
int stack_get(unsigned slot, struct stack *stack);

/* Whether a kernel page fault at va is a stack that ran over. */
bool stack_is_guard(pv_va_t va);

#endif
