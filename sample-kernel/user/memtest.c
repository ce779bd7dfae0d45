/* SPDX-License-Identifier: MIT */
/* memtest [NAME]: what a process may not touch, and what it must find. Each forbidden access is made by a
 * child, which the kernel kills for it with a message of its own; the others live. Without a name all is
 * tested. This file has the accesses; memtest-pages.c has fresh pages, copy on write and the kernel's
 * copies. */
#include "memtest.h"

#include <pvops/user.h>

#define RETURN 0xc3 /* the instruction */

static const unsigned char read_only[16] = {1};
static unsigned char data[16] = {RETURN};

static int read_at(void *address)
{
    (void)*(volatile unsigned char *)address;
    return 0;
}

static int write_at(void *address)
{
    *(volatile unsigned char *)address = RETURN;
    return 0;
}

static int call_at(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
    return 0;
}

static int call_stack(void *unused)
{
    volatile unsigned char code[16] = {RETURN};

    (void)unused;
    return call_at((void *)(uintptr_t)code);
}

static int call_heap(void *unused)
{
    long page = sbrk((long)PAGE_SIZE);

    (void)unused;
    write_at((void *)page);
    return call_at((void *)page);
}

static int write_text(void *unused)
{
    (void)unused;
    return write_at((void *)(uintptr_t)main);
}

/* Behind the heap's end nothing is mapped. */
static int write_behind_heap(void *unused)
{
    unsigned long end = (unsigned long)sbrk(0);

    (void)unused;
    return write_at((void *)((end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)));
}

/* A page that was given back is gone. */
static int write_given_back(void *unused)
{
    long page = sbrk((long)(2 * PAGE_SIZE)) + (long)PAGE_SIZE;

    (void)unused;
    write_at((void *)page);
    sbrk(-(long)PAGE_SIZE);
    return write_at((void *)page);
}

/* Each turn uses some of the stack; that room is used after the call keeps it from becoming a loop. */
static int overflow(void *above)
{
    static volatile bool for_ever = true;
    volatile char room[512];

    room[0] = above != NULL;
    return (for_ever ? overflow((void *)(uintptr_t)room) : 0) + room[0];
}

/* Where the stack pointer itself is wrong, the fault must still reach the kernel. */
static int push_nowhere(void *address)
{
    __asm__ volatile("movq %0, %%rsp\n\tpushq %%rax" : : "r"(address) : "memory");
    return 0;
}

static const struct access {
    const char *name;
    int (*function)(void *);
    void *argument;
    int vector;
} accesses[] = {
    {"read-kernel", read_at, (void *)KERNEL_HALF, 14},
    {"write-kernel", write_at, (void *)KERNEL_HALF, 14},
    {"call-kernel", call_at, (void *)KERNEL_HALF, 14},
    {"read-beyond", read_at, (void *)BEYOND_USER, 14},
    {"write-beyond", write_at, (void *)BEYOND_USER, 14},
    {"call-beyond", call_at, (void *)BEYOND_USER, 14},
    {"write-gate", write_at, (void *)PV_USER_GATE, 14},
    {"read-noncanonical", read_at, (void *)NOT_CANONICAL, 13},
    {"write-noncanonical", write_at, (void *)NOT_CANONICAL, 13},
    {"read-null", read_at, NULL, 14},
    {"write-null", write_at, NULL, 14},
    {"call-null", call_at, NULL, 14},
    {"write-text", write_text, NULL, 14},
    {"write-readonly", write_at, (void *)(uintptr_t)read_only, 14},
    {"call-readonly", call_at, (void *)(uintptr_t)read_only, 14},
    {"call-data", call_at, data, 14},
    {"call-stack", call_stack, NULL, 14},
    {"call-heap", call_heap, NULL, 14},
    {"behind-heap", write_behind_heap, NULL, 14},
    {"given-back", write_given_back, NULL, 14},
    {"stack-overflow", overflow, NULL, 14},
    {"push-nowhere", push_nowhere, (void *)BEYOND_USER, 14},
};

static void check_accesses(const char *only)
{
    char what[64];

    for (const struct access *a = accesses; a < accesses + COUNT_OF(accesses); a++) {
        if (only && strcmp(only, a->name) != 0)
            continue;
        snprintf(what, sizeof what, "%s: killed as it should be", a->name);
        check_child(a->function, a->argument, STATUS_KILLED + a->vector, what);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } pages[] = {{"zero", check_zero_pages}, {"cow", check_copy_on_write}, {"copies", check_user_copies}};
    const char *only = argc > 1 ? argv[1] : NULL;

    check_accesses(only);
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (!only || strcmp(only, pages[i].name) == 0)
            pages[i].function();
    return check_done("memtest");
}
