/* SPDX-License-Identifier: MIT */
/* ls [-l] [DIRECTORY]: the names in a directory, one per line; with -l their kind and size before them. */
#include "lib.h"

static void show(const struct dirent *entry, bool details)
{
    const char *mark = "";

    if (entry->type == DIRENT_DIRECTORY)
        mark = "/";
    else if (entry->executable)
        mark = "*";
    if (details)
        printf("%8lu ", entry->size);
    printf("%s%s\n", entry->name, mark);
}

int main(int argc, char **argv)
{
    bool details = argc > 1 && strcmp(argv[1], "-l") == 0;
    int first = details ? 2 : 1;
    const char *path = argc > first ? argv[first] : "/";
    struct dirent entry;
    int got;

    for (unsigned index = 0; (got = readdir(path, index, &entry)) > 0; index++)
        show(&entry, details);
    if (got < 0)
        die("ls: %s: %s\n", path, error_text(got));
    return 0;
}
