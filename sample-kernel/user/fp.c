/* SPDX-License-Identifier: MIT */
/* fp: floating-point and vector registers belong to the process. Processes with different values in all of
 * them run at the same time and find their own, across yields, time slices, fork and exec; a new program
 * starts with a clean set. AVX registers are looked at where there are any; the output does not say so. */
#include "fp.h"

#define WORKERS 3
#define ROUNDS 300
#define PROGRAMS 20

static bool has_ymm(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if ((ecx & (1U << 27)) == 0 || (ecx & (1U << 28)) == 0)
        return false;
    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return (eax & 6) == 6;
}

/* Values that tell process, register and round apart. */
static void fill(struct fp_state *state, unsigned process, unsigned round)
{
    static const uint16_t control[] = {0x37f, 0x77f, 0xb7f, 0xf7f}; /* the four roundings */

    memset(state, 0, sizeof *state);
    state->wide = has_ymm();
    for (unsigned r = 0; r < 16; r++)
        for (unsigned i = 0; i < (state->wide ? 32U : 16U); i++)
            state->vectors[r][i] = (unsigned char)(process * 67 + r * 16 + i + round * 5 + 1);
    for (unsigned i = 0; i < COUNT_OF(state->x87); i++)
        state->x87[i] = process + i / 8.0 + round;
    state->mxcsr = 0x1f80 | (process & 3) << 13;
    state->control = control[(process + 1) & 3];
}

static bool stays(unsigned process, unsigned round, long nr, unsigned long spin, long *result)
{
    struct fp_state before, after;

    fill(&before, process, round);
    after = before;
    memset(after.vectors, 0, sizeof after.vectors);
    memset(after.x87, 0, sizeof after.x87);
    after.mxcsr = 0;
    after.control = 0;
    *result = fp_across(&before, &after, nr, spin);
    return memcmp(&before, &after, sizeof before) == 0;
}

/* A process whose registers are always in use. */
static int worker(void *argument)
{
    unsigned process = *(unsigned *)argument;
    long result;

    for (unsigned round = 0; round < ROUNDS; round++)
        if (!stays(process, round, SYS_YIELD, round % 10 == 0 ? 300000 : 1000, &result))
            return 1;
    return 0;
}

/* Sums up 1/k in the process's own rounding: a result of real arithmetic, interrupted. */
static int harmonic(void *argument)
{
    volatile double *sum = argument;
    double value = 0;

    for (unsigned k = 1; k <= 200000; k++) {
        value += 1.0 / k;
        if (k % 20000 == 0)
            yield();
    }
    *sum = value;
    return value > 12.7 && value < 12.9 ? 0 : 1;
}

/* Leaves values everywhere, then becomes a program that must not see them. */
static int become_fresh(void *unused)
{
    static const char *const argv[] = {"fp", "fresh", NULL};
    struct fp_state before, after;

    (void)unused;
    fill(&before, 5, 5);
    after = before;
    fp_across(&before, &after, SYS_GETPID, 0);
    return exec("/bin/fp", argv);
}

static int fresh(const struct fp_state *state)
{
    bool clean = state->mxcsr == 0x1f80 && state->control == 0x37f;

    for (unsigned r = 0; r < 16; r++)
        for (unsigned i = 0; i < 32; i++)
            clean = clean && state->vectors[r][i] == 0;
    return clean ? 0 : 1;
}

static int fresh_programs(void)
{
    int clean = 0;

    for (int i = 0; i < PROGRAMS; i++)
        clean += wait_for(start_child(become_fresh, NULL)) == 0;
    return clean;
}

static void check_workers(void)
{
    unsigned numbers[WORKERS] = {1, 2, 3};
    double sum = 0;
    int pids[WORKERS];
    int other;

    for (int i = 0; i < WORKERS; i++)
        pids[i] = start_child(worker, &numbers[i]);
    check(fresh_programs() == PROGRAMS, "programs that are started meanwhile have clean registers");
    other = start_child(harmonic, &sum);
    check(harmonic(&sum) == 0, "arithmetic beside %d processes that use all registers", WORKERS);
    check(wait_for(other) == 0, "and in a second process");
    for (int i = 0; i < WORKERS; i++)
        check(wait_for(pids[i]) == 0, "process %d always found its own values", i + 1);
}

/* Forks with all registers in use: parent and child both go on with them. */
static void check_fork(void)
{
    long pid;
    bool kept = stays(9, 7, SYS_FORK, 100000, &pid);

    if (pid == 0)
        exit(kept ? 0 : 1);
    check(kept && pid > 0, "fork keeps the parent's values");
    check(pid > 0 && wait_for((int)pid) == 0, "and hands them on to the child");
}

int main(int argc, char **argv)
{
    static struct fp_state start;

    (void)argv;
    start.wide = has_ymm();
    fp_store(&start);
    if (argc > 1)
        return fresh(&start);
    check(fresh(&start) == 0, "a program starts with clean registers");
    check_child(become_fresh, NULL, 0, "also where the one before it left values in them");
    check_fork();
    check_workers();
    return check_done("fp");
}
