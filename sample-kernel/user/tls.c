/* SPDX-License-Identifier: MIT */
/* tls: thread-local storage. The FS base is a process's own: it survives fork, system calls and time
 * slices of processes that have another one. */
#include "lib.h"

#define ROUNDS 2000

struct block {
    struct block *self; /* at offset 0, as compilers expect it */
    unsigned long value;
};

static unsigned long fs_value(void)
{
    unsigned long value;

    __asm__ volatile("movq %%fs:8, %0" : "=r"(value));
    return value;
}

static bool is_mine(const struct block *block)
{
    struct block *self;

    __asm__ volatile("movq %%fs:0, %0" : "=r"(self));
    return self == block && fs_value() == block->value;
}

/* Looks at its block again and again, with and without giving the CPU away. */
static int watch(void *argument)
{
    struct block block = {&block, *(unsigned long *)argument};

    if (set_tls(&block) != 0)
        return 2;
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!is_mine(&block))
            return 1;
        if (i % 4 == 0)
            yield();
        for (volatile unsigned spin = 0; spin < 1000; spin++)
            ;
        block.value += 3;
    }
    return 0;
}

static int inherited(void *argument)
{
    return is_mine(argument) ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct block block = {&block, 0x1234567890abcdef};
    unsigned long values[2] = {0x1111, 0x2222};
    int pids[2];

    (void)argc;
    (void)argv;
    check(set_tls(&block) == 0 && is_mine(&block), "the base is where it was set");
    check_child(inherited, &block, 0, "a child has its parent's base");
    for (int i = 0; i < 2; i++)
        pids[i] = start_child(watch, &values[i]);
    for (int i = 0; i < 2; i++)
        check(wait_for(pids[i]) == 0, "process %d always found its own block", i + 1);
    check(is_mine(&block), "the parent's base is what it was");
    check(set_tls((void *)(1UL << 63)) < 0, "a base that is not canonical is refused");
    check(set_tls((void *)0xffffffff80000000) < 0, "a base in the kernel's half is refused");
    check(is_mine(&block), "and changes nothing");
    return check_done("tls");
}
