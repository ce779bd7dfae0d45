/* SPDX-License-Identifier: MIT */
/*
 * The console: two rings of bytes between the device and the processes. pvops moves bytes without waiting
 * and raises the console's line when more can be moved; the interrupt handler then moves what it can and
 * wakes who waits. A process that writes faster than the device takes sleeps; one that reads sleeps until a
 * line is complete.
 *
 * A line is edited (line.c) and echoed by the process that reads it, not by the interrupt handler: what is
 * typed ahead is echoed when it is read, behind the prompt it belongs to, and an echo that finds no room can
 * sleep. Only ^C is seen at once: it kills the foreground group (abi.h) and drops what was typed ahead. When
 * there is nobody to kill it stays in line, and the editor lets it drop the line it belongs to.
 * Called by file.c, printk.c and trap.c. Read next: line.c.
 *
 * Limit: with IN_SIZE bytes typed ahead, the device is not read any more, and ^C is not seen. Its line is
 * then masked, since unread input may raise it again and again; nobody is told of room for output meanwhile,
 * so that writers poll.
 */
#include "console.h"

#include "line.h"
#include "proc.h"
#include "trap.h"

#define OUT_SIZE 4096u /* powers of two */
#define IN_SIZE 4096u
#define CHUNK 128u
#define POLL_PERIOD (10 * PV_NS_PER_MS)
#define INTERRUPT_KEY ('C' & 0x1f)

/* console.lock must be held when using these. */
static struct {
    struct lock lock;
    char out[OUT_SIZE], in[IN_SIZE];
    unsigned out_head, out_tail, in_head, in_tail; /* bytes ever put and taken */
    struct queue writers, readers;
    bool in_is_full; /* the line is masked until there is room again */
    bool drop_line;  /* ^C came: what has been typed of a line is to be forgotten */
} console;

static int interrupt_line; /* negative: none, console.c polls */

/* Who holds the mutex reads, and uses line. A write() is not mixed with others while it holds its mutex. */
static struct mutex reading, writing;
static struct line line;
static size_t line_taken; /* bytes of a ready line that have been read */
static bool line_is_ready;

/* --- output; the lock is held --- */

/* Give the device what it takes. */
static void push_out(void)
{
    while (console.out_head != console.out_tail) {
        unsigned start = console.out_tail % OUT_SIZE;
        size_t size = min_u64(console.out_head - console.out_tail, OUT_SIZE - start);
        size_t taken = pv_console_write(console.out + start, size);

        console.out_tail += (unsigned)taken;
        if (taken < size)
            break;
    }
}

/* Terminals want "\r\n". False: no room. */
static bool put(char c)
{
    if (OUT_SIZE - (console.out_head - console.out_tail) < 2)
        return false;
    if (c == '\n')
        console.out[console.out_head++ % OUT_SIZE] = '\r';
    console.out[console.out_head++ % OUT_SIZE] = c;
    return true;
}

/* Put and push, without sleeping. */
static void put_now(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        while (!put(text[i]))
            push_out();
    push_out();
}

/* Wait until half of the ring is free. The lock is held, but not all the time. 0 or -EINTR. */
static int wait_for_room(void)
{
    push_out();
    if (console.out_head - console.out_tail <= OUT_SIZE / 2)
        return 0;
    if (!console.in_is_full)
        return sched_sleep(&console.writers, &console.lock);
    lock_drop(&console.lock);
    sched_yield();
    lock_take(&console.lock);
    return proc_current()->killed ? -EINTR : 0;
}

/* Put all, and sleep while there is no room. 0 or -EINTR. */
static int put_all(const char *text, size_t size)
{
    pv_irq_flags_t flags = lock_acquire(&console.lock);
    int error = 0;

    for (size_t i = 0; i < size && error == 0; i++)
        while (error == 0 && !put(text[i]))
            error = wait_for_room();
    push_out();
    lock_release(&console.lock, flags);
    return error;
}

void console_print(const char *text, size_t size)
{
    pv_irq_flags_t flags = lock_acquire(&console.lock);

    put_now(text, size);
    lock_release(&console.lock, flags);
}

void console_drain(void)
{
    pv_irq_flags_t flags = pv_irq_save(); /* without the lock: the kernel may be dying with it held */

    while (console.out_head != console.out_tail)
        push_out();
    pv_irq_restore(flags);
}

long console_write(pv_va_t src, size_t size)
{
    char chunk[CHUNK];
    size_t done = 0;
    int error = mutex_lock(&writing);

    if (error < 0)
        return error;
    while (done < size && error == 0) {
        size_t count = min_u64(size - done, CHUNK);

        error = pv_user_copy_in(chunk, src + done, count);
        if (error == 0)
            error = put_all(chunk, count);
        if (error == 0)
            done += count;
    }
    mutex_unlock(&writing);
    return done > 0 ? (long)done : error;
}

/* --- input --- */

/* ^C. The lock is held. */
static void interrupt_key(void)
{
    if (proc_kill_foreground() > 0) {
        put_now("^C\n", 3);
        console.in_tail = console.in_head;
        console.drop_line = true;
    } else {
        console.in[console.in_head++ % IN_SIZE] = INTERRUPT_KEY;
    }
}

/* Move what has come in to the ring. False: the ring is full. */
static bool move_in(void)
{
    size_t count = CHUNK, room;
    char chunk[CHUNK];

    while (count > 0) {
        room = IN_SIZE - (console.in_head - console.in_tail);
        if (room == 0)
            return false;
        count = pv_console_read(chunk, min_u64(room, CHUNK));
        for (size_t i = 0; i < count; i++) {
            if (chunk[i] == INTERRUPT_KEY)
                interrupt_key();
            else
                console.in[console.in_head++ % IN_SIZE] = chunk[i];
        }
    }
    return true;
}

/* Take input while there is room; mask the line while there is none. The lock is held. */
static void pull_in(void)
{
    bool is_full = !move_in();

    if (is_full == console.in_is_full)
        return;
    console.in_is_full = is_full;
    if (interrupt_line >= 0)
        (is_full ? pv_irq_mask : pv_irq_unmask)((unsigned)interrupt_line);
    sched_wake(&console.writers); /* they have to poll, or need not any more */
}

/* Look at the device: move bytes both ways and wake who can go on. */
static void service(void)
{
    pv_irq_flags_t flags = lock_acquire(&console.lock);

    pv_console_events();
    pull_in();
    push_out();
    if (console.in_head != console.in_tail)
        sched_wake(&console.readers);
    if (console.out_head - console.out_tail <= OUT_SIZE / 2)
        sched_wake(&console.writers);
    lock_release(&console.lock, flags);
}

/* The end of service comes first: what happens from now on raises the line again. */
static void console_interrupt(unsigned number)
{
    pv_irq_eoi(number);
    service();
}

/* The next byte that was typed; sleeps for it. 0 or -EINTR. */
static int next_byte(char *c)
{
    pv_irq_flags_t flags = lock_acquire(&console.lock);
    int error = 0;

    for (pull_in(); console.in_head == console.in_tail && error == 0; pull_in())
        error = sched_sleep(&console.readers, &console.lock);
    if (error == 0)
        *c = console.in[console.in_tail++ % IN_SIZE];
    lock_release(&console.lock, flags);
    return error;
}

/* line.c shows what was typed. A killed process need not see it. */
static void echo(const char *text, size_t size)
{
    (void)put_all(text, size);
}

static void forget_line(void)
{
    line_reset(&line);
    line_taken = 0;
    line_is_ready = false;
}

static void forget_dropped_line(void)
{
    if (__atomic_exchange_n(&console.drop_line, false, __ATOMIC_RELAXED))
        forget_line();
}

/* Read and edit until a line is ready. 0, or -EINTR: the next reader goes on with it. */
static int fill_line(void)
{
    int error = 0;
    char c = 0;

    forget_dropped_line();
    while (!line_is_ready && error == 0) {
        error = next_byte(&c);
        forget_dropped_line();
        if (error == 0)
            line_is_ready = line_input(&line, c) != LINE_GOES_ON;
    }
    return error;
}

/* Hand out what fits of the line that is ready. */
static long take_line(pv_va_t dst, size_t size)
{
    size_t count = min_u64(size, line.size - line_taken);

    if (pv_user_copy_out(dst, line.text + line_taken, count) < 0)
        return -EFAULT;
    line_taken += count;
    if (line_taken == line.size)
        forget_line();
    return (long)count;
}

long console_read(pv_va_t dst, size_t size)
{
    long result;

    if (size == 0)
        return 0;
    if (mutex_lock(&reading) < 0)
        return -EINTR;
    result = fill_line();
    if (result == 0)
        result = take_line(dst, size);
    mutex_unlock(&reading);
    return result;
}

/* --- start --- */

/* For a machine whose console has no interrupt. */
static void poll(void *unused)
{
    (void)unused;
    for (;;) {
        service();
        sched_sleep_until(pv_time_now() + POLL_PERIOD);
    }
}

void console_init(void)
{
    interrupt_line = pv_console_line();
    line.echo = echo;
    if (interrupt_line >= 0)
        trap_attach_line((unsigned)interrupt_line, console_interrupt);
    else
        CHECK(proc_start_thread("console", 0, poll, NULL) == 0);
}
