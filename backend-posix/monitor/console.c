/* SPDX-License-Identifier: MIT */
/*
 * The console: a stream socket to pvrun. Never waits but where the call says so; SIGIO (fcntl(2), O_ASYNC) tells
 * of input and of room, and is the console's line.
 */
#include <fcntl.h>
#include <asm/ioctls.h>
#include <poll.h>
#include <sys/socket.h>

#include "launch.h"
#include "monitor.h"
#include "raw.h"

#define CONSOLE_INPUT 1u
#define CONSOLE_OUTPUT 2u
#define PART 4096u

void console_init(void)
{
    raw(__NR_fcntl, POSIX_FD_CONSOLE, F_SETOWN, raw(__NR_getpid));
    raw(__NR_fcntl, POSIX_FD_CONSOLE, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC);
}

static long send_some(const char *data, size_t size)
{
    return raw(__NR_sendto, POSIX_FD_CONSOLE, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

uint64_t console_write(pv_va_t data, uint64_t size)
{
    char part[PART];
    uint64_t taken = 0;

    while (taken < size) {
        size_t count = size - taken < PART ? size - taken : PART;
        long sent;

        if (!guest_read(part, data + taken, count))
            break;
        sent = send_some(part, count);
        if (sent <= 0)
            break;
        taken += (uint64_t)sent;
        if ((size_t)sent < count)
            break;
    }
    return taken;
}

uint64_t console_read(pv_va_t data, uint64_t size)
{
    char part[256];
    long got = raw(__NR_recvfrom, POSIX_FD_CONSOLE, part, size < sizeof part ? size : sizeof part, MSG_DONTWAIT, 0, 0);

    if (got <= 0 || !guest_write(data, part, (size_t)got))
        return 0;
    return (uint64_t)got;
}

static short poll_events(short events, long ms)
{
    struct pollfd fd = {.fd = POSIX_FD_CONSOLE, .events = events};
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    raw(__NR_ppoll, &fd, 1, &wait, 0, 8);
    return fd.revents;
}

uint64_t console_events(void)
{
    short events = poll_events(POLLIN | POLLOUT, 0);

    return (events & POLLIN ? CONSOLE_INPUT : 0) | (events & POLLOUT ? CONSOLE_OUTPUT : 0);
}

void console_flush(void)
{
    int left = 0;

    /* What the socket holds is not lost when this process ends; wait only so that lines keep their order. */
    for (unsigned i = 0; i < 1000; i++) {
        struct timespec ms = {0, 200000};

        if (raw(__NR_ioctl, POSIX_FD_CONSOLE, TIOCOUTQ, &left) != 0 || left == 0)
            return;
        raw(__NR_nanosleep, &ms, 0);
    }
}

void console_write_all(pv_va_t data, uint64_t size)
{
    while (size > 0) {
        uint64_t taken = console_write(data, size);

        data += taken;
        size -= taken;
        if (size > 0 && taken == 0 && (poll_events(POLLOUT, 1000) & (POLLERR | POLLHUP)))
            return;
    }
}
