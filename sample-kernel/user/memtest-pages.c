/* SPDX-License-Identifier: MIT */
/* The pages of memtest: new ones are zeros, whoever had them before; a fork copies what either side writes
 * and nothing else; and where the kernel reads or writes memory for a process, it treats its pages as the
 * process itself would, but answers with an error where the process would be killed. */
#include "memtest.h"

#define PAGES 64

static unsigned char bss[3 * PAGE_SIZE];

static bool filled_with(const volatile unsigned char *at, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] != value)
            return false;
    return true;
}

/* --- fresh pages --- */

/* Uses new pages and leaves them dirty. */
static int new_pages(void *unused)
{
    unsigned char *heap = (unsigned char *)sbrk((long)(PAGES * PAGE_SIZE));

    (void)unused;
    if (!filled_with(heap, PAGES * PAGE_SIZE, 0) || !filled_with(bss, sizeof bss, 0))
        return 1;
    memset(heap, 0xa5, PAGES * PAGE_SIZE);
    memset(bss, 0xa5, sizeof bss);
    sbrk(-(long)(PAGES * PAGE_SIZE));
    if ((unsigned char *)sbrk((long)(PAGES * PAGE_SIZE)) != heap)
        return 2;
    if (!filled_with(heap, PAGES * PAGE_SIZE, 0))
        return 3;
    memset(heap, 0x5a, PAGES * PAGE_SIZE);
    return 0;
}

void check_zero_pages(void)
{
    check_child(new_pages, NULL, 0, "new pages are zeros, also where they were given back");
    check_child(new_pages, NULL, 0, "new pages are zeros after another process used them");
}

/* --- copy on write --- */

struct turns {
    int to_child[2], to_parent[2];
    unsigned char *pages;
};

static void give_turn(const int ends[2])
{
    write(ends[1], "t", 1);
}

static void take_turn(const int ends[2])
{
    char c;

    if (read(ends[0], &c, 1) != 1)
        die("memtest: the other process is gone\n");
}

/* Every page was filled by the parent before the fork; the parent has overwritten the first half since. */
static int cow_child(void *argument)
{
    const struct turns *t = argument;
    size_t half = PAGES / 2 * PAGE_SIZE;

    take_turn(t->to_child);
    if (!filled_with(t->pages, PAGES * PAGE_SIZE, 1))
        return 1;
    memset(t->pages + half, 3, half);
    give_turn(t->to_parent);
    take_turn(t->to_child);
    return filled_with(t->pages, half, 1) && filled_with(t->pages + half, half, 3) ? 0 : 2;
}

void check_copy_on_write(void)
{
    size_t half = PAGES / 2 * PAGE_SIZE;
    struct turns t;
    int pid;

    t.pages = (unsigned char *)sbrk((long)(PAGES * PAGE_SIZE));
    memset(t.pages, 1, PAGES * PAGE_SIZE);
    if (pipe(t.to_child) < 0 || pipe(t.to_parent) < 0)
        die("memtest: no pipes\n");
    pid = start_child(cow_child, &t);
    memset(t.pages, 2, half);
    give_turn(t.to_child);
    take_turn(t.to_parent);
    check(filled_with(t.pages + half, half, 1), "what the child writes stays the child's");
    memset(t.pages, 4, PAGES * PAGE_SIZE);
    give_turn(t.to_child);
    check(wait_for(pid) == 0, "what the parent writes stays the parent's");
    check(filled_with(t.pages, PAGES * PAGE_SIZE, 4), "and is there when the child is gone");
    for (int i = 0; i < 2; i++) {
        close(t.to_child[i]);
        close(t.to_parent[i]);
    }
    sbrk(-(long)(PAGES * PAGE_SIZE));
}

/* --- the kernel's copies --- */

/* The kernel writes to a page that is still shared, in the child: the parent must not see it. */
static int read_into_shared(void *argument)
{
    unsigned char *page = argument;
    int fd = open("/bin/true");
    long n = read(fd, page, 4);

    return n == 4 && memcmp(page, "\177ELF", 4) == 0 && page[4] == 9 ? 0 : 1;
}

static void check_good_copies(void)
{
    unsigned char *page = (unsigned char *)sbrk((long)(4 * PAGE_SIZE));
    int ends[2];

    memset(page, 9, PAGE_SIZE);
    check_child(read_into_shared, page, 0, "the kernel writes to a shared page: a copy");
    check(filled_with(page, PAGE_SIZE, 9), "which is not the parent's");
    check(pipe(ends) == 0, "a pipe");
    check(write(ends[1], page, 100) == 100, "write from a page that is there");
    check(read(ends[0], page + 2 * PAGE_SIZE - 50, 100) == 100 &&
              filled_with(page + 2 * PAGE_SIZE - 50, 100, 9),
          "read across two pages that are not there yet");
    check(write(ends[1], page + 3 * PAGE_SIZE, 100) == 100 && read(ends[0], page, 100) == 100 &&
              filled_with(page, 100, 0),
          "write from a page that is not there yet: zeros");
    close(ends[0]);
    check(write(ends[1], page, 1) == -EPIPE, "a pipe that nobody reads");
    close(ends[1]);
    sbrk(-(long)(4 * PAGE_SIZE));
}

static void check_bad_copies(void)
{
    static const unsigned long bad[] = {0, PAGE_SIZE, KERNEL_HALF, BEYOND_USER, NOT_CANONICAL, ~0UL - 2};
    const char *const bad_argv[] = {"true", (const char *)KERNEL_HALF, NULL};
    char *end = (char *)((sbrk(0) + (long)PAGE_SIZE - 1) & ~((long)PAGE_SIZE - 1));
    struct psinfo info;
    bool good = true;
    int fd = open("/bin/true");

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        void *at = (void *)bad[i];

        good = write(1, at, 16) == -EFAULT && good;
        good = read(fd, at, 16) == -EFAULT && good;
        good = open(at) == -EFAULT && good;
        good = pipe(at) == -EFAULT && good;
        good = exec(at, bad_argv) == -EFAULT && good;
        if (at) /* no arguments at all are allowed */
            good = exec("/bin/true", at) == -EFAULT && good;
        good = ps(at, 1) == -EFAULT && good;
        good = readdir("/", 0, at) == -EFAULT && good;
    }
    check(good, "addresses that the process may not use: an error, not a kill");
    check(exec("/bin/true", bad_argv) == -EFAULT, "an argument that is not there");
    check(read(fd, (void *)(uintptr_t)check_bad_copies, 16) == -EFAULT, "read into the program's text");
    check(read(fd, end - 8, 16) == -EFAULT || read(fd, end - 8, 16) == 8, "read across the end of the heap");
    check(write(1, (void *)PROGRAM_BASE, ~0UL) < 0, "a size that wraps around");
    check(ps(&info, 1) == 1 && info.pid == 1, "and after all that the kernel is well");
    close(fd);
}

void check_user_copies(void)
{
    check_good_copies();
    check_bad_copies();
}
