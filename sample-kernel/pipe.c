/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a ring of bytes in one page, and two sides that wait for each other. One reader and one writer at a
 * time move bytes, each under the mutex of its side; so the stretch of the ring that a reader copies to user
 * memory cannot change meanwhile, and the copy needs no lock and no buffer between.
 * Called by file.c.
 */
#include "file.h"
#include "page.h"
#include "sched.h"

struct pipe {
    struct lock lock;
    /* lock must be held when using these. */
    unsigned head, tail;     /* bytes ever written and read, modulo 2 * PIPE_SIZE */
    bool reader_open, writer_open;
    struct queue readers, writers; /* who waits for bytes, for room */

    struct mutex reading, writing;
    char data[PIPE_SIZE];
};

_Static_assert(sizeof(struct pipe) <= PV_PAGE_SIZE, "a pipe is a page");

struct pipe *pipe_create(void)
{
    struct pipe *pipe = page_alloc();

    if (pipe != NULL) {
        memset(pipe, 0, offsetof(struct pipe, data));
        pipe->reader_open = pipe->writer_open = true;
    }
    return pipe;
}

void pipe_close(struct pipe *pipe, bool writer)
{
    pv_irq_flags_t flags = lock_acquire(&pipe->lock);
    bool last;

    *(writer ? &pipe->writer_open : &pipe->reader_open) = false;
    last = !pipe->reader_open && !pipe->writer_open;
    sched_wake(writer ? &pipe->readers : &pipe->writers);
    lock_release(&pipe->lock, flags);
    if (last)
        page_free(pipe);
}

static unsigned used(const struct pipe *pipe)
{
    return (pipe->head + 2 * PIPE_SIZE - pipe->tail) % (2 * PIPE_SIZE);
}

/* Wait until there are bytes, or none can come: how many, at least 1; 0: the end; -EINTR. */
static long wait_for_bytes(struct pipe *pipe)
{
    pv_irq_flags_t flags = lock_acquire(&pipe->lock);
    long result = 0;

    while (used(pipe) == 0 && pipe->writer_open && result == 0)
        result = sched_sleep(&pipe->readers, &pipe->lock);
    if (result == 0)
        result = used(pipe);
    lock_release(&pipe->lock, flags);
    return result;
}

/* Wait until there is room: how much; -EPIPE: nobody will read; -EINTR. */
static long wait_for_room(struct pipe *pipe)
{
    pv_irq_flags_t flags = lock_acquire(&pipe->lock);
    long result = 0;

    while (used(pipe) == PIPE_SIZE && pipe->reader_open && result == 0)
        result = sched_sleep(&pipe->writers, &pipe->lock);
    if (result == 0)
        result = pipe->reader_open ? (long)(PIPE_SIZE - used(pipe)) : -EPIPE;
    lock_release(&pipe->lock, flags);
    return result;
}

/* Move an end of the ring, and wake who waits for that. */
static void advance(struct pipe *pipe, unsigned *end, size_t count, struct queue *waiting)
{
    pv_irq_flags_t flags = lock_acquire(&pipe->lock);

    *end = (*end + (unsigned)count) % (2 * PIPE_SIZE);
    sched_wake(waiting);
    lock_release(&pipe->lock, flags);
}

/* Bytes from position on that lie in one piece. */
static size_t piece(unsigned position, size_t size)
{
    return min_u64(size, PIPE_SIZE - position % PIPE_SIZE);
}

/* What is there, in two pieces where it goes over the ring's end: a message that fits is read as one. */
static long read_some(struct pipe *pipe, pv_va_t dst, size_t size)
{
    long available = wait_for_bytes(pipe);
    size_t first;

    if (available <= 0)
        return available;
    size = min_u64(size, (size_t)available);
    first = piece(pipe->tail, size);
    if (pv_user_copy_out(dst, pipe->data + pipe->tail % PIPE_SIZE, first) < 0 ||
        pv_user_copy_out(dst + first, pipe->data, size - first) < 0)
        return -EFAULT;
    advance(pipe, &pipe->tail, size, &pipe->writers);
    return (long)size;
}

static long write_piece(struct pipe *pipe, pv_va_t src, size_t size)
{
    long room = wait_for_room(pipe);

    if (room < 0)
        return room;
    size = piece(pipe->head, min_u64(size, (size_t)room));
    if (pv_user_copy_in(pipe->data + pipe->head % PIPE_SIZE, src, size) < 0)
        return -EFAULT;
    advance(pipe, &pipe->head, size, &pipe->readers);
    return (long)size;
}

long pipe_read(struct pipe *pipe, pv_va_t dst, size_t size)
{
    long result;

    if (size == 0)
        return 0;
    if (mutex_lock(&pipe->reading) < 0)
        return -EINTR;
    result = read_some(pipe, dst, size);
    mutex_unlock(&pipe->reading);
    return result;
}

long pipe_write(struct pipe *pipe, pv_va_t src, size_t size)
{
    size_t done = 0;
    long result = 0;

    if (mutex_lock(&pipe->writing) < 0)
        return -EINTR;
    while (done < size && (result = write_piece(pipe, src + done, size - done)) > 0)
        done += (size_t)result;
    mutex_unlock(&pipe->writing);
    return done > 0 ? (long)done : result;
}
