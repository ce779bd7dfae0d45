/* SPDX-License-Identifier: MIT */
/* oom: uses memory until there is none, and processes until there are none, each in a child: asking for more
 * fails or the one who asked is killed, and the system goes on. Prints nothing that depends on how much there
 * is. */
#include "lib.h"

#define STEP (256 * PAGE_SIZE)
#define TAIL 8    /* steps that are left for the slow way */
#define MANY 4096 /* more processes than there can be */

static void touch(long at, unsigned long size)
{
    for (unsigned long i = 0; i < size; i += PAGE_SIZE)
        *(volatile char *)(at + (long)i) = 1;
}

/* Takes memory until a call fails or, since pages come on demand, until touching one kills. Writes a byte to
 * the pipe for each step. */
static int eat(void *argument)
{
    const int *ends = argument;
    long at;

    while ((at = sbrk((long)STEP)) >= 0) {
        touch(at, STEP);
        write(ends[1], "", 1);
    }
    return at == -ENOMEM ? 0 : 1;
}

/* Whether a child that took all there is ended as it may; counts its steps. */
static bool eat_all(long *steps)
{
    char buffer[512];
    int ends[2], pid, status;
    long n;

    if (pipe(ends) < 0)
        return false;
    pid = start_child(eat, ends);
    close(ends[1]);
    *steps = 0;
    while ((n = read(ends[0], buffer, sizeof buffer)) > 0)
        *steps += n;
    close(ends[0]);
    status = wait_for(pid);
    return status == 0 || status == STATUS_KILLED + 14;
}

/* Takes all but a little by touching it and the rest by system calls, which say no instead of killing; then
 * there is nothing left for a fork. */
static int eat_and_fork(void *argument)
{
    long steps = *(long *)argument;
    char *page;
    int result, fd = open("/init");

    for (long i = 0; i < steps - TAIL; i++)
        touch(sbrk((long)STEP), STEP);
    do {
        page = (char *)sbrk((long)PAGE_SIZE);
    } while ((long)page > 0 && read(fd, page, 1) >= 0);
    result = fork();
    if (result == 0)
        exit(0);
    return result == -ENOMEM || result == -EAGAIN ? 0 : 1;
}

/* Lives until the pipe has no writer any more. */
static int wait_for_end(void *argument)
{
    const int *ends = argument;
    char c;

    close(ends[1]);
    return (int)read(ends[0], &c, 1);
}

/* As many processes as there can be: how many, or 0 if one of them went wrong. */
static int fork_all(void)
{
    static int pids[MANY];
    int ends[2];
    int count = 0, good = 0;

    if (pipe(ends) < 0)
        return 0;
    while (count < MANY && (pids[count] = fork()) > 0)
        count++;
    if (count < MANY && pids[count] == 0)
        exit(wait_for_end(ends));
    close(ends[1]);
    close(ends[0]);
    for (int i = 0; i < count; i++)
        good += wait_for(pids[i]) == 0;
    return good == count ? count : 0;
}

static int works_again(void *unused)
{
    static const char *const argv[] = {"true", NULL};
    long at = sbrk((long)STEP);

    (void)unused;
    if (at < 0)
        return 2;
    touch(at, STEP);
    return exec("/bin/true", argv);
}

int main(int argc, char **argv)
{
    long steps = 0, again = 0;
    int count = fork_all();

    (void)argc;
    (void)argv;
    /* Processes first: the kernel may keep memory for as many as there ever were. */
    check(count >= 10 && count < MANY, "processes until there are none");
    check_child(works_again, NULL, 0, "then there are processes again");
    check(eat_all(&steps), "a child that takes all memory is stopped");
    check_child(works_again, NULL, 0, "then there is memory again");
    check_child(eat_and_fork, &steps, 0, "fork fails where there is no memory");
    check_child(works_again, NULL, 0, "then there is memory again");
    check(fork_all() == count, "and room for as many processes as before");
    check(eat_all(&again) && again >= steps - 1, "there is as much memory as before");
    return check_done("oom");
}
