/* SPDX-License-Identifier: MIT */
/*
 * System calls of the host from a hostile kernel: one (attack=call), and all that its filter lets through
 * with every descriptor (attack=descriptors).
 */
#include "kernel.h"

#define DESCRIPTORS 21

static char page[PV_PAGE_SIZE] __attribute__((aligned(4096)));

/*
 * One call; what is not given on the command line is an address, a size, rights: something that could work.
 */
void mode_call(void)
{
    uint64_t at = number("a0", (uint64_t)page), nr = number("nr", 39);
    long result;

    if (number("x32", 0))
        nr |= 0x40000000;
    if (number("int80", 0))
        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(nr), "b"(number("a0", 8)), "c"(page), "d"(1L)
                         : "memory");
    else
        result = host((long)nr, (long)at, (long)number("a1", PV_PAGE_SIZE), (long)number("a2", 3),
                      (long)number("a3", 0), (long)number("a4", 0), (long)number("a5", 0));
    say_number("result ", (uint64_t)result);
}

/*
 * The calls that the filter allows, with each descriptor. None may do anything to what this process does not
 * own.
 */
static void with_descriptor(long fd)
{
    static const long requests[] = {(long)0xc0502100, (long)0xc0182101, 0x40082104, 0x5411};
    static long none[2] = {0, 1000000};
    long pollfd = fd | 1L << 32;

    for (unsigned i = 0; i < 4; i++) {
        __builtin_memset(page, i == 0 ? 0 : 0xff, 80);
        host(HOST_IOCTL, fd, requests[i], (long)page, 0, 0, 0);
    }
    host(HOST_PPOLL, (long)&pollfd, 1, (long)none, 0, 8, 0);
    for (long flags = 0; flags < 8; flags++) {
        host(HOST_PIDFD_SEND_SIGNAL, fd, 10, 0, flags, 0, 0);
        host(HOST_PIDFD_SEND_SIGNAL, fd, 9, 0, flags, 0, 0);
        host(HOST_PIDFD_SEND_SIGNAL, fd, 9, (long)page, flags, 0, 0);
    }
}

void mode_descriptors(void)
{
    uint64_t what = number("what", 0);

    for (long fd = 0; fd < DESCRIPTORS; fd++)
        with_descriptor(fd);
    for (long fd = -1; fd > -300; fd--)
        with_descriptor(fd == -1 ? -100 /* AT_FDCWD */ : fd);
    if (what == 1) /* Linux 6.15: this process's own, as PIDFD_SELF_THREAD and PIDFD_SELF_THREAD_GROUP */
        for (long fd = -10000; fd > -20010; fd -= 1)
            host(HOST_PIDFD_SEND_SIGNAL, fd, 9, 0, 4 /* its process group */, 0, 0);
    if (what == 2)
        for (long fd = 0; fd < DESCRIPTORS; fd++)
            host(HOST_CLOSE, fd, 0, 0, 0, 0, 0);
}

/*
 * What an exec leaves in a process: environment, names, the host's addresses. Prints the text in its last
 * pages.
 */
void mode_look(void)
{
    static char text[4097];

    for (uint64_t va = 0x7ffb00000000; va < 0x7ffffffff000; va += PV_PAGE_SIZE) {
        uint64_t word;

        if (!can_read(va, &word)) {
            va += PV_PAGE_SIZE * 8; /* the stack is larger */
            continue;
        }
        for (unsigned i = 0; i < 4096; i++)
            text[i] = ((char *)va)[i] >= ' ' && ((char *)va)[i] <= '~' ? ((char *)va)[i] : '\n';
        say(text);
    }
}
