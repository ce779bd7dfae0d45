/* SPDX-License-Identifier: MIT */
/* forktree [DEPTH]: a tree of processes, each with two children that run at the same time. A process reports
 * through a pipe to its parent, which hands on what its children say in their order: so the output is the
 * same whatever order they ran in. */
#include "lib.h"

#define CHILDREN 2
#define NAME_MAX 16

struct node {
    char name[NAME_MAX]; /* "0" the root, "01" its second child... */
    int depth;           /* levels below it */
    int report;          /* where its lines go */
};

static int grow(void *argument);

/* Starts a child; returns the end of the pipe that its report comes from. */
static int start_branch(const struct node *parent, int number, int *pid)
{
    struct node child = {.depth = parent->depth - 1};
    int ends[2];
    int result = pipe(ends);

    if (result < 0)
        die("forktree: pipe: %s\n", error_text(result));
    snprintf(child.name, sizeof child.name, "%s%d", parent->name, number);
    child.report = ends[1];
    *pid = start_child(grow, &child);
    close(ends[1]);
    return ends[0];
}

/* Copies a child's report to the parent's: lines. */
static int hand_on(int from, int to)
{
    char buffer[256];
    long n;
    int lines = 0;

    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        for (long i = 0; i < n; i++)
            lines += buffer[i] == '\n';
        write_all(to, buffer, (size_t)n);
    }
    close(from);
    return lines;
}

/* Forgets the pipes of ancestors and of the sister: only who writes a report may hold its end. */
static void close_others(int mine)
{
    for (int fd = 3; fd < FD_COUNT; fd++)
        if (fd != mine)
            close(fd);
}

/* The work of one process. Its status is the number of processes in its subtree. */
static int grow(void *argument)
{
    const struct node *node = argument;
    int pids[CHILDREN], ends[CHILDREN];
    int below = 0, lines = 0;

    close_others(node->report);
    dprintf(node->report, "%s\n", node->name);
    if (node->depth == 0)
        return 1;
    for (int i = 0; i < CHILDREN; i++)
        ends[i] = start_branch(node, i, &pids[i]);
    for (int i = 0; i < CHILDREN; i++)
        lines += hand_on(ends[i], node->report);
    for (int i = 0; i < CHILDREN; i++)
        below += wait_for(pids[i]);
    if (lines != below)
        dprintf(2, "forktree: %s: %d lines from %d processes\n", node->name, lines, below);
    return 1 + below;
}

int main(int argc, char **argv)
{
    struct node root = {.name = "0", .report = 1};
    int count;

    root.depth = (int)number_argument(argc, argv, 1, 2, 0, 6);
    count = grow(&root);
    printf("forktree: %d processes\n", count);
    return count != (2 << root.depth) - 1;
}
