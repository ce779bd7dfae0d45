/* SPDX-License-Identifier: MIT */
/*
 * The handoff between the monitor and a space's thread: seccomp user notifications.
 *
 * The thread is either running or held by the host kernel in a system call of the stub, which handoff_receive()
 * tells and handoff_reply() ends. Nothing that user code does can forge being held. seccomp_unotify(2);
 * POSIX: shared.h for what reports and replies mean.
 */
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <time.h>

#include "monitor.h"
#include "raw.h"

#define EINTR 4
#define ENOENT 2

/* Not in the headers of Debian 12 (Linux 6.6). */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#endif

void handoff_prepare(struct space *space)
{
    /* Both sides stay on one CPU. Linux before 6.6 refuses it: there pin.c has seen to it. */
    raw(__NR_ioctl, space->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static bool has_died(const struct space *space)
{
    struct pollfd fd = {.fd = space->pidfd, .events = POLLIN};
    struct timespec none = {0, 0};

    return raw(__NR_ppoll, &fd, 1, &none, 0, 8) > 0; /* an interrupted look says nothing */
}

bool handoff_receive(struct space *space, struct report *report, bool interruptible)
{
    struct seccomp_notif notif;
    long result;

    for (;;) {
        __builtin_memset(&notif, 0, sizeof notif);
        result = interruptible ? monitor_wait(__NR_ioctl, space->listener, (long)SECCOMP_IOCTL_NOTIF_RECV, (long)&notif, 0, 0)
                               : raw(__NR_ioctl, space->listener, SECCOMP_IOCTL_NOTIF_RECV, &notif);
        if (result == 0)
            break;
        /* ENOENT: the thread was interrupted before its notification was taken; it reports again. */
        if (has_died(space)) {
            space_kill(space);
            return false;
        }
        if (interruptible && result == -EINTR)
            return false;
    }
    space->held = notif.id;
    report->nr = (uint64_t)(uint32_t)notif.data.nr;
    report->rip = notif.data.instruction_pointer;
    for (unsigned i = 0; i < 6; i++)
        report->args[i] = notif.data.args[i];
    report->kind = (uint32_t)notif.data.args[0];
    report->info = notif.data.args[1];
    report->context = notif.data.args[2];
    return true;
}

bool handoff_reply(struct space *space, int64_t value, bool go_on)
{
    struct seccomp_notif_resp reply = {
        .id = space->held, .val = value, .flags = go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};

    space->held = 0;
    if (raw(__NR_ioctl, space->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply) == 0)
        return true;
    if (!has_died(space))
        return true; /* ENOENT: interrupted while held can only be death; its pidfd tells soon */
    space_kill(space);
    return false;
}
