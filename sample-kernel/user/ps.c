/* SPDX-License-Identifier: MIT */
/* ps [-l]: the processes there are; with -l also what depends on the moment and on the machine: state, group,
 * pages in memory and CPU time. */
#include "lib.h"

#define MAX 256

static void show_details(const struct psinfo *p)
{
    static const char *const states[] = {"running", "ready", "sleeping", "ended"};
    const char *state = p->state >= 0 && p->state < (int)COUNT_OF(states) ? states[p->state] : "?";

    printf("%6d %-8s %6lu %7lu ", p->group, state, p->pages, p->cpu_ns / (unsigned long)MS);
}

int main(int argc, char **argv)
{
    static struct psinfo info[MAX];
    bool details = argc > 1 && strcmp(argv[1], "-l") == 0;
    int count = ps(info, MAX);

    if (count < 0)
        die("ps: %s\n", error_text(count));
    printf("  pid parent %sname\n", details ? " group state     pages  cpu ms " : "");
    for (int i = 0; i < count; i++) {
        printf("%5d %6d ", info[i].pid, info[i].parent);
        if (details)
            show_details(&info[i]);
        printf("%s\n", info[i].name);
    }
    return 0;
}
