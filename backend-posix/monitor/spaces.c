/* SPDX-License-Identifier: MIT */
/*
 * The spaces that there are: one per root that user code has run in, made by the zygote, the least recently used
 * one going first. What they have mapped is space-cache.c's.
 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "launch.h"
#include "monitor.h"
#include "raw.h"

#define SPACES_MAX 512
#define HINTS 1024u
#define FRAMES_SIZE 32768 /* at the end of area.stack: what signals leave there, the stub's own included */
#define ANSWER_LIMIT 10 /* seconds */

static struct space spaces[SPACES_MAX];
static uint64_t uses, time_of_dead;
static uint32_t most = SPACES_MAX; /* fewer where the host gives no more */

/* The CPU clock of another process: clock_getcpuclockid(3). */
static uint64_t cpu_time(const struct space *space)
{
    struct timespec t = {0, 0};

    raw(__NR_clock_gettime, (long)(~(uint32_t)space->pid << 3 | 2) << 32 >> 32, &t);
    return (uint64_t)t.tv_sec * 1000000000UL + (uint64_t)t.tv_nsec;
}

uint64_t space_cpu_time(void)
{
    uint64_t sum = time_of_dead;

    for (struct space *s = spaces; s < spaces + SPACES_MAX; s++)
        if (s->alive)
            sum += cpu_time(s);
    return sum;
}

void space_kill(struct space *space)
{
    if (!space->alive)
        return;
    time_of_dead += cpu_time(space);
    raw(__NR_pidfd_send_signal, space->pidfd, SIGKILL, 0, 0);
    raw(__NR_close, space->listener);
    raw(__NR_close, space->pidfd);
    cache_clear(&space->cache);
    space->alive = false;
    space->root = 0;
}

/* Descriptors and credentials come beside the answer. */
static bool take_control(struct space *space, struct msghdr *message)
{
    unsigned have = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(2 * sizeof(int))) {
            __builtin_memcpy(&space->listener, CMSG_DATA(c), sizeof(int));
            __builtin_memcpy(&space->pidfd, CMSG_DATA(c) + sizeof(int), sizeof(int));
            have |= 1;
        } else if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
            __builtin_memcpy(&space->pid, CMSG_DATA(c), sizeof(int));
            have |= 2;
        }
    }
    return have == 3;
}

/* The answer of a new space; false: it could not be made. */
static bool receive_answer(struct space *space)
{
    struct posix_space_answer answer;
    struct iovec part = {&answer, sizeof answer};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long got;

    do
        got = raw(__NR_recvmsg, POSIX_FD_ZYGOTE, &message, MSG_CMSG_CLOEXEC);
    while (got == -4 /* EINTR */);
    if (got == -11 /* EAGAIN */)
        return false;
    if (got != (long)sizeof answer)
        monitor_die("the zygote has gone");
    return answer.error == 0 && answer.slot == space->slot && take_control(space, &message);
}

void spaces_init(void)
{
    struct timeval limit = {.tv_sec = ANSWER_LIMIT};
    int on = 1;

    /* A space that is killed at its start never answers. */
    MONITOR_CHECK(raw(__NR_setsockopt, POSIX_FD_ZYGOTE, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    /* So that answers tell the process id of the new space. */
    MONITOR_CHECK(raw(__NR_setsockopt, POSIX_FD_ZYGOTE, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
}

/* The zygote's end of the socket is closed before its children are signalled (exit_files, exit_notify). */
void spaces_need_zygote(void)
{
    struct pollfd fd = {.fd = POSIX_FD_ZYGOTE};
    struct timespec none = {0, 0};

    if (raw(__NR_ppoll, &fd, 1, &none, 0, 8) > 0 && (fd.revents & POLLHUP))
        monitor_die("the zygote has gone");
}

static bool make(struct space *space)
{
    struct posix_space_request request = {.slot = (uint32_t)(space - spaces)};
    struct report report;

    space->slot = request.slot;
    if (raw(__NR_sendto, POSIX_FD_ZYGOTE, &request, sizeof request, MSG_NOSIGNAL, 0, 0) != (long)sizeof request)
        monitor_die("the zygote has gone");
    if (!receive_answer(space))
        return false;
    space->alive = true;
    space->stale = space->kicked = space->ran = false;
    space->fpu_from = 0;
    space->cache.span = PV_PAGE_SIZE;
    handoff_prepare(space);
    return handoff_receive(space, &report, false) && report.kind == POSIX_REPORT_READY;
}

/*
 * A space for a root that has none: one that was released (its process is there already), one that has no
 * process, or the one that was not used for longest.
 */
static struct space *choose(void)
{
    struct space *empty = NULL, *oldest = &spaces[0];

    for (struct space *s = spaces; s < spaces + most; s++) {
        if (s->root == 0 && s->alive)
            return s;
        if (s->root == 0 && empty == NULL)
            empty = s;
        if (s->last_use < oldest->last_use)
            oldest = s;
    }
    if (empty != NULL)
        return empty;
    oldest->stale = true;
    return oldest;
}

/* Where the space of a root was found last: a hint, checked before use. */
static struct space **hint_for(pv_pa_t root)
{
    static struct space *hints[HINTS];

    return &hints[(root >> PV_PAGE_SHIFT) * 0x9e3779b97f4a7c15UL >> 54 & (HINTS - 1)];
}

static struct space *find(pv_pa_t root)
{
    struct space **hint = hint_for(root);

    if (*hint != NULL && (*hint)->root == root && (*hint)->alive)
        return *hint;
    for (struct space *s = spaces; s < spaces + SPACES_MAX; s++)
        if (s->root == root && s->alive)
            return *hint = s;
    return NULL;
}

/* Nothing that the last program's traps have left in the area is the next one's to read. */
static void clear_area(struct space *space)
{
    struct posix_area *area = AREA(space->slot);

    if (!space->ran) /* as the zygote made it; its start may still have the first pages */
        return;
    __builtin_memset(area, 0, POSIX_AREA_FPU + ABI->fpu_size);
    __builtin_memset(area->stack + sizeof area->stack - FRAMES_SIZE, 0, FRAMES_SIZE);
}

/* With fewer than one space per root when the host gives no more (RLIMIT_NPROC, RLIMIT_NOFILE). NULL: none at all. */
static struct space *take_one(void)
{
    struct space *space = choose();

    while (!space->alive && !make(space)) {
        space_kill(space);
        if (space == spaces)
            return NULL;
        most = (uint32_t)(space - spaces);
        space = choose();
    }
    clear_area(space);
    return space;
}

struct space *space_for(pv_pa_t root)
{
    struct space *space = find(root);

    if (space == NULL) {
        space = take_one();
        if (space == NULL)
            return NULL;
        space->root = root;
        space->fpu_from = 0;
        *hint_for(root) = space;
    }
    space->last_use = ++uses;
    return space;
}

void space_release(pv_pa_t root)
{
    for (struct space *s = spaces; s < spaces + SPACES_MAX; s++) {
        if (s->root != root || root == 0)
            continue;
        s->root = 0;
        s->stale = true;
    }
}
