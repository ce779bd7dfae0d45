/* SPDX-License-Identifier: MIT */
/* stress [SEED [ROUNDS [WORKERS]]]: several processes that fork, exec, pipe, allocate, kill and sleep in
 * an order that the seed decides, and check each result. What is done, and so what is printed, depends on
 * the arguments alone; when it is done does not. */
#include "lib.h"

enum action { FORK, EXEC, PIPE, MEMORY, COPY, KILL, SLEEP, ORPHAN, ACTIONS };

#define MAX_WORKERS 8

struct worker {
    unsigned seed;
    int rounds;
};

/* A linear congruential generator (constants of Knuth's MMIX); the high bits are the good ones. */
static unsigned next_random(uint64_t *state, unsigned limit)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(*state >> 33) % limit;
}

static int give_status(void *argument)
{
    return *(int *)argument;
}

static bool do_fork(uint64_t *random)
{
    int status = (int)next_random(random, 256);

    return wait_for(start_child(give_status, &status)) == status;
}

static int exec_shell(void *argument)
{
    static const char *const argv[] = {"sh", "-c", "true && false || exit 77", NULL};

    (void)argument;
    return exec("/bin/sh", argv);
}

static int exec_true(void *argument)
{
    static const char *const argv[] = {"true", NULL};

    (void)argument;
    return exec("/bin/true", argv);
}

static bool do_exec(uint64_t *random)
{
    if (next_random(random, 4) == 0)
        return wait_for(start_child(exec_shell, NULL)) == 77;
    return wait_for(start_child(exec_true, NULL)) == 0;
}

struct stream {
    int ends[2];
    size_t size;
    unsigned char first;
};

static int pour(void *argument)
{
    const struct stream *s = argument;
    unsigned char buffer[1000];

    for (size_t done = 0; done < s->size; done += sizeof buffer) {
        size_t n = s->size - done < sizeof buffer ? s->size - done : sizeof buffer;

        for (size_t i = 0; i < n; i++)
            buffer[i] = (unsigned char)(s->first + done + i);
        if (write_all(s->ends[1], buffer, n))
            return 1;
    }
    return 0;
}

static bool do_pipe(uint64_t *random)
{
    struct stream s = {.size = next_random(random, 20000), .first = (unsigned char)next_random(random, 256)};
    unsigned char buffer[700];
    size_t done = 0;
    bool good = true;
    int pid;
    long n;

    if (pipe(s.ends) < 0)
        return false;
    pid = start_child(pour, &s);
    close(s.ends[1]);
    while ((n = read(s.ends[0], buffer, sizeof buffer)) > 0)
        for (long i = 0; i < n; i++, done++)
            good = good && buffer[i] == (unsigned char)(s.first + done);
    close(s.ends[0]);
    return wait_for(pid) == 0 && good && done == s.size;
}

static bool do_memory(uint64_t *random)
{
    size_t pages = 1 + next_random(random, 64);
    unsigned char *heap = (unsigned char *)sbrk((long)(pages * PAGE_SIZE));
    bool good = true;

    for (size_t i = 0; i < pages; i++) {
        good = good && heap[i * PAGE_SIZE] == 0 && heap[i * PAGE_SIZE + PAGE_SIZE - 1] == 0;
        memset(heap + i * PAGE_SIZE, (int)i + 1, PAGE_SIZE);
    }
    for (size_t i = 0; i < pages; i++)
        good = good && heap[i * PAGE_SIZE + 17] == i + 1;
    return sbrk(-(long)(pages * PAGE_SIZE)) >= 0 && good;
}

/* The child overwrites what it shares with its parent. */
static int scribble(void *argument)
{
    unsigned char *heap = argument;

    for (size_t i = 0; i < 16; i++)
        heap[i * PAGE_SIZE]++;
    return heap[0];
}

static bool do_copy(uint64_t *random)
{
    unsigned char value = (unsigned char)next_random(random, 255);
    unsigned char *heap = (unsigned char *)sbrk((long)(16 * PAGE_SIZE));
    bool good;
    int pid;

    memset(heap, value, 16 * PAGE_SIZE);
    pid = start_child(scribble, heap);
    good = wait_for(pid) == value + 1;
    for (size_t i = 0; i < 16; i++)
        good = good && heap[i * PAGE_SIZE] == value;
    return sbrk(-(long)(16 * PAGE_SIZE)) >= 0 && good;
}

static int live_for_ever(void *argument)
{
    volatile bool spin = *(bool *)argument;

    while (spin || sleep_ns(1000 * MS) == 0)
        ;
    return 0;
}

static bool do_kill(uint64_t *random)
{
    bool spin = next_random(random, 2);
    int pid = start_child(live_for_ever, &spin);

    if (next_random(random, 2))
        yield();
    return kill(pid) == 0 && wait_for(pid) == STATUS_KILLED_BY_CALL;
}

static bool do_sleep(uint64_t *random)
{
    long ns = next_random(random, 3 * MS);
    long start = uptime_ns();

    return sleep_ns(ns) == 0 && uptime_ns() - start >= ns;
}

/* A child whose own child outlives it: init takes care of that one. */
static int leave_orphan(void *argument)
{
    start_child(give_status, argument);
    return 0;
}

static bool do_orphan(uint64_t *random)
{
    int status = (int)next_random(random, 256);

    return wait_for(start_child(leave_orphan, &status)) == 0;
}

static bool (*const functions[ACTIONS])(uint64_t *) = {do_fork, do_exec, do_pipe,  do_memory,
                                                       do_copy, do_kill, do_sleep, do_orphan};
static const char *const names[ACTIONS] = {"fork", "exec", "pipe",  "memory",
                                           "copy", "kill", "sleep", "orphan"};

/* Calls the function for each round, or only counts where counts is given. */
static bool rounds(const struct worker *w, int counts[ACTIONS])
{
    for (int i = 0; i < w->rounds; i++) {
        uint64_t random = ((uint64_t)w->seed << 32) + (unsigned)i;
        enum action action = next_random(&random, ACTIONS);

        if (counts)
            counts[action]++;
        else if (!functions[action](&random)) {
            dprintf(2, "stress: %s failed (seed %u, round %d)\n", names[action], w->seed, i);
            return false;
        }
    }
    return true;
}

static int work(void *argument)
{
    return !rounds(argument, NULL);
}

int main(int argc, char **argv)
{
    unsigned seed = (unsigned)number_argument(argc, argv, 1, 1, 0, 1000000000);
    int per_worker = (int)number_argument(argc, argv, 2, 20, 1, 1000000);
    int workers = (int)number_argument(argc, argv, 3, 3, 1, MAX_WORKERS);
    int counts[ACTIONS] = {0};
    int pids[MAX_WORKERS];
    int bad = 0;

    for (int i = 0; i < workers; i++) {
        struct worker w = {.seed = seed + (unsigned)i, .rounds = per_worker};

        rounds(&w, counts);
        pids[i] = start_child(work, &w);
    }
    for (int i = 0; i < workers; i++)
        bad += wait_for(pids[i]) != 0;
    printf("stress:");
    for (int i = 0; i < ACTIONS; i++)
        printf(" %d %s", counts[i], names[i]);
    printf(", %d workers, %d failed\n", workers, bad);
    return bad != 0;
}
