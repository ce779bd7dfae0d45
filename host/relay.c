/* SPDX-License-Identifier: MIT */
/* The poll loop (relay.h). Back-pressure goes both ways: bytes are only taken from a side while there is room
 * to keep them, so a full pipe behind us stops the guest, and a guest that does not read stops a pipe
 * in front of us. A terminal is always read, because Ctrl-A x must work whatever the guest does.
 * Called by tools/pvrun/run.c. */
#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CTRL_A 1
#define WATCHES_MAX 8

uint64_t relay_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A write to a full pipe or a stopped terminal must not block us. O_NONBLOCK on the descriptor we were given
 * would hit everybody who shares it (the shell), so open the same pipe or terminal once more. */
static void open_output(struct relay *relay, int out)
{
    char path[32];
    struct stat status;
    int own = -1;

    relay->out = out;
    if (fstat(out, &status) != 0)
        return;
    relay->out_is_socket = S_ISSOCK(status.st_mode);
    if (S_ISFIFO(status.st_mode) || (S_ISCHR(status.st_mode) && isatty(out))) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", out);
        own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (own >= 0) {
        relay->out = own;
        relay->out_is_ours = true;
    }
}

void relay_open(struct relay *relay, int in, int out, bool keys)
{
    memset(relay, 0, offsetof(struct relay, user_bytes));
    relay->in = in;
    relay->guest = -1;
    relay->keys = keys;
    open_output(relay, out);
}

void relay_close(struct relay *relay)
{
    if (relay->out_is_ours)
        close(relay->out);
}

void relay_attach(struct relay *relay, int guest, uint64_t hold)
{
    relay->guest = guest;
    relay->draining = false;
    relay->to_guest = (struct relay_buffer){0, 0};
    relay->hold_until = relay_now() + hold;
}

void relay_release(struct relay *relay)
{
    relay->hold_until = 0;
}

void relay_drain(struct relay *relay, int guest)
{
    relay->guest = guest;
    relay->draining = true;
}

void relay_resume(struct relay *relay, int guest)
{
    relay->guest = guest;
    relay->draining = false;
}

bool relay_in_line(const struct relay *relay)
{
    return relay->last != 0 && relay->last != '\n';
}

/* Room at the end of a buffer, after moving its content to the front. */
static size_t room(struct relay_buffer *buffer, char *bytes, size_t size)
{
    if (buffer->start > 0) {
        memmove(bytes, bytes + buffer->start, buffer->length);
        buffer->start = 0;
    }
    return size - buffer->length;
}

static void drop(struct relay_buffer *buffer, size_t count)
{
    buffer->start += count;
    buffer->length -= count;
    if (buffer->length == 0)
        buffer->start = 0;
}

static void put_key(struct relay *relay, char key)
{
    if (room(&relay->to_guest, relay->guest_bytes, sizeof relay->guest_bytes) > 0)
        relay->guest_bytes[relay->to_guest.length++] = key;
}

static void print_help(void)
{
    fputs("\nCtrl-A h    this help\n"
          "Ctrl-A x    leave: end the guest\n"
          "Ctrl-A Ctrl-A    send Ctrl-A to the guest\n",
          stderr);
}

/* Keys of a terminal, with the commands behind Ctrl-A. What does not fit is lost, as on a real terminal. */
static int take_keys(struct relay *relay, const char *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char key = keys[i];
        if (!relay->escaped) {
            if (key == CTRL_A)
                relay->escaped = true;
            else
                put_key(relay, key);
            continue;
        }
        relay->escaped = false;
        if (key == 'x' || key == 'X')
            return RELAY_LEAVE;
        if (key == 'h' || key == 'H' || key == '?')
            print_help();
        else if (key == CTRL_A)
            put_key(relay, key);
    }
    return RELAY_GO_ON;
}

static int read_input(struct relay *relay)
{
    char keys[256];
    ssize_t got;
    size_t free_bytes;

    if (relay->keys) {
        got = read(relay->in, keys, sizeof keys);
        if (got > 0)
            return take_keys(relay, keys, (size_t)got);
    } else {
        free_bytes = room(&relay->to_guest, relay->guest_bytes, sizeof relay->guest_bytes);
        got = read(relay->in, relay->guest_bytes + relay->to_guest.length, free_bytes);
        if (got > 0)
            relay->to_guest.length += (size_t)got;
    }
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        relay->in = -1; /* the guest goes on without input */
    return RELAY_GO_ON;
}

/* In draining, the writer is gone: an empty socket is the end. */
static void read_guest(struct relay *relay)
{
    size_t free_bytes = room(&relay->to_user, relay->user_bytes, sizeof relay->user_bytes);
    ssize_t got;

    got = recv(relay->guest, relay->user_bytes + relay->to_user.length, free_bytes, MSG_DONTWAIT);
    if (got > 0) {
        relay->to_user.length += (size_t)got;
        relay->last = relay->user_bytes[relay->to_user.length - 1];
        relay_release(relay);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN) || (errno == EAGAIN && relay->draining)) {
        relay->guest = -1;
    }
}

static void write_guest(struct relay *relay)
{
    ssize_t put = send(relay->guest, relay->guest_bytes + relay->to_guest.start, relay->to_guest.length,
                       MSG_DONTWAIT | MSG_NOSIGNAL);

    if (put > 0)
        drop(&relay->to_guest, (size_t)put);
    else if (put < 0 && errno != EINTR && errno != EAGAIN)
        relay->to_guest.length = relay->to_guest.start = 0; /* nobody is there; reading finds out why */
}

static int write_user(struct relay *relay)
{
    const char *bytes = relay->user_bytes + relay->to_user.start;
    size_t length = relay->to_user.length;
    ssize_t put;

    if (relay->out_is_socket)
        put = send(relay->out, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    else /* at most a page: what poll promises for a pipe that we could not open again (pipe(7)) */
        put = write(relay->out, bytes, relay->out_is_ours || length < 4096 ? length : 4096);
    if (put > 0)
        drop(&relay->to_user, (size_t)put);
    else if (put < 0 && errno != EINTR && errno != EAGAIN) {
        relay->error = errno;
        return RELAY_OUTPUT_ERROR;
    }
    return RELAY_GO_ON;
}

static bool wants_input(const struct relay *relay)
{
    return relay->in >= 0 && (relay->keys || (!relay->draining && relay->guest >= 0 &&
                                              relay->to_guest.length < sizeof relay->guest_bytes));
}

static bool may_send(const struct relay *relay, uint64_t now)
{
    return relay->guest >= 0 && !relay->draining && relay->to_guest.length > 0 && now >= relay->hold_until;
}

/* Milliseconds for poll, rounded up, so that a deadline is over when poll says so. */
static int poll_time(const struct relay *relay, uint64_t now, uint64_t deadline)
{
    uint64_t until = deadline;

    if (relay->to_guest.length > 0 && relay->hold_until > now && relay->hold_until < until)
        until = relay->hold_until;
    if (until == UINT64_MAX)
        return -1;
    if (until <= now)
        return 0;
    return (until - now) / 1000000 < 1000000 ? (int)((until - now + 999999) / 1000000) : 1000000000;
}

enum { SLOT_IN, SLOT_OUT, SLOT_GUEST, SLOT_WATCH };

static size_t fill(const struct relay *relay, const struct relay_watch *watches, size_t count,
                   struct pollfd *slots, uint64_t now)
{
    bool room_for_output = relay->to_user.length < sizeof relay->user_bytes;

    slots[SLOT_IN] = (struct pollfd){wants_input(relay) ? relay->in : -1, POLLIN, 0};
    slots[SLOT_OUT] = (struct pollfd){relay->to_user.length > 0 ? relay->out : -1, POLLOUT, 0};
    slots[SLOT_GUEST] = (struct pollfd){relay->guest, 0, 0};
    if (room_for_output)
        slots[SLOT_GUEST].events |= POLLIN;
    if (may_send(relay, now))
        slots[SLOT_GUEST].events |= POLLOUT;
    /* A hang-up is reported without being asked for: leave the slot out while we could not read on. */
    if (slots[SLOT_GUEST].events == 0)
        slots[SLOT_GUEST].fd = -1;
    for (size_t i = 0; i < count && i < WATCHES_MAX; i++)
        slots[SLOT_WATCH + i] = (struct pollfd){watches[i].fd, POLLIN, 0};
    return SLOT_WATCH + (count < WATCHES_MAX ? count : WATCHES_MAX);
}

static int serve(struct relay *relay, struct relay_watch *watches, const struct pollfd *slots, size_t used)
{
    int end = RELAY_GO_ON;

    if (slots[SLOT_OUT].revents != 0)
        end = write_user(relay);
    if (end == RELAY_GO_ON && slots[SLOT_IN].revents != 0)
        end = read_input(relay);
    if (slots[SLOT_GUEST].revents & POLLOUT)
        write_guest(relay);
    if ((slots[SLOT_GUEST].revents & ~POLLOUT) && relay->to_user.length < sizeof relay->user_bytes)
        read_guest(relay);
    for (size_t i = SLOT_WATCH; end == RELAY_GO_ON && i < used; i++)
        if (slots[i].revents != 0)
            end = watches[i - SLOT_WATCH].ready(watches[i - SLOT_WATCH].context, &watches[i - SLOT_WATCH]);
    return end;
}

int relay_run(struct relay *relay, struct relay_watch *watches, size_t count, uint64_t deadline)
{
    struct pollfd slots[SLOT_WATCH + WATCHES_MAX];
    int end = RELAY_GO_ON;

    while (end == RELAY_GO_ON) {
        uint64_t now = relay_now();
        size_t used;
        if (now >= deadline)
            return RELAY_DEADLINE;
        if (relay->draining && relay->guest >= 0 && relay->to_user.length < sizeof relay->user_bytes)
            read_guest(relay);
        if (relay->draining && relay->guest < 0 && relay->to_user.length == 0)
            return RELAY_DRAINED;
        used = fill(relay, watches, count, slots, now);
        if (poll(slots, used, poll_time(relay, now, deadline)) < 0) {
            if (errno == EINTR)
                continue;
            relay->error = errno;
            return RELAY_POLL_ERROR;
        }
        end = serve(relay, watches, slots, used);
    }
    return end;
}
