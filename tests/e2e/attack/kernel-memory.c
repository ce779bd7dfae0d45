/* SPDX-License-Identifier: MIT */
/*
 * A hostile kernel against the memory of its own process: the monitor's data, stacks and code, the page it
 * shares with it, and as much of the host's memory as it can get.
 */
#include "kernel.h"
#include <pvops/backend/abi.h>

#define MONITOR_PAGES 256

/* Anything that asks the monitor for something. */
static void use_the_monitor(void)
{
    char text[16];

    for (unsigned i = 0; i < 50; i++) {
        pv_time_oneshot(pv_time_now() + 100000);
        pv_console_write("still here\n", 11);
        pv_console_read(text, sizeof text);
        pv_mmu_invalidate_all();
        pv_irq_window();
        can_write(0x10, 0);
    }
}

/* Random words into all of the monitor's memory that can be written. */
void mode_corrupt(void)
{
    uint64_t every = number("every", 64), pages = 0;

    for (uint64_t va = PV_POSIX_MONITOR; va < PV_POSIX_MONITOR + MONITOR_PAGES * PV_PAGE_SIZE; va += 8) {
        uint64_t word;

        if (!can_read(va, &word) || !can_write(va, word)) {
            va = (va & PV_PAGE_MASK) + PV_PAGE_SIZE - 8;
            continue;
        }
        pages += va % PV_PAGE_SIZE == 0;
        if (randomly() % every == 0)
            can_write(va, number("zero", 0) ? 0 : randomly());
    }
    say_number("pages ", pages);
    use_the_monitor();
}

/* Parts of the monitor, gone. */
void mode_unmap(void)
{
    uint64_t at = number("at", PV_POSIX_MONITOR), size = number("size", 0x1000000);

    say_number("munmap ", (uint64_t)host(HOST_MUNMAP, (long)at, (long)size, 0, 0, 0, 0));
    use_the_monitor();
}

/* The shared page: garbage in every field, with and without the interrupt flag. */
void mode_abi(void)
{
    volatile uint64_t *words = (volatile uint64_t *)PV_POSIX_ABI;
    uint64_t call = pv_posix_abi.call;

    for (unsigned i = 1; i < 512; i++)
        if (randomly() % number("every", 3) == 0)
            words[i] = number("ones", 0) ? ~0UL : randomly();
    pv_posix_abi.call = call; /* or nothing would ask the monitor */
    for (unsigned i = 0; i < PV_POSIX_CALLS + 3; i++)
        if (i != PV_POSIX_CALL_END && i != PV_POSIX_CALL_PARK && i != PV_POSIX_CALL_IDLE)
            pv_posix_call(i, randomly(), randomly() % 0x10000, randomly());
    use_the_monitor();
}

/* As much private memory as there is; status 7 and how much, when the host says no. */
void mode_memory(void)
{
    uint64_t size = number("size", 16UL << 20), sum = 0;

    while (sum < 64UL << 30) {
        long at = host(HOST_MMAP, 0, (long)size, 3, 0x22, -1, 0);

        if (at < 0 && at > -4096)
            break;
        sum += size;
        *(volatile char *)at = 1;
    }
    say_number("memory ", sum);
}

/* Blocks all signals by a forged frame, and stays. */
void mode_deaf(void)
{
    static uint64_t frame[128] __attribute__((aligned(64)));

    frame[37] = ~0UL; /* uc_sigmask: behind flags, link, stack (5 words) and the 32 words of the context */
    frame[5 + 16] = (uint64_t) && deaf;
    frame[5 + 15] = (uint64_t)&frame[127];
    frame[5 + 18] = 0x002b000000000033; /* cs, gs, fs, ss */
    frame[5 + 17] = 2;
    __asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" ::"r"(frame) : "memory");
deaf:
    for (;;)
        ;
}
