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

/* What the guest knows already, or does not want to know: it is not told twice (pvops/console.h). */
static volatile bool input_told, room_wanted;

static short poll_events(short events, long ms)
{
    struct pollfd fd = {.fd = POSIX_FD_CONSOLE, .events = events};
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    raw(__NR_ppoll, &fd, 1, &wait, 0, 8);
    return fd.revents;
}

bool console_signal(void)
{
    short events = poll_events(POLLIN | POLLOUT, 0);
    bool input = (events & POLLIN) && !input_told, room = (events & POLLOUT) && room_wanted;

    if (input)
        input_told = true;
    if (room)
        room_wanted = false;
    return input || room;
}

static long send_some(const char *data, size_t size)
{
    return raw(__NR_sendto, POSIX_FD_CONSOLE, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

uint64_t console_write(pv_va_t data, uint64_t size)
{
    char part[PART];
    uint64_t taken = 0;

    room_wanted = true; /* before the try: what makes room after it must be told */
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
    if (taken == size)
        room_wanted = false;
    return taken;
}

uint64_t console_read(pv_va_t data, uint64_t size)
{
    char part[256];
    uint64_t taken = 0;

    input_told = false; /* before the try: what comes in after it must be told */
    while (taken < size) {
        size_t count = size - taken < sizeof part ? size - taken : sizeof part;
        long got = raw(__NR_recvfrom, POSIX_FD_CONSOLE, part, count, MSG_DONTWAIT, 0, 0);

        if (got <= 0 || !guest_write(data + taken, part, (size_t)got))
            return taken;
        taken += (uint64_t)got;
    }
    input_told = true; /* not read to the end, and the guest knows */
    return taken;
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
