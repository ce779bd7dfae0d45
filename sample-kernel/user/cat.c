/* SPDX-License-Identifier: MIT */
/* cat [FILE...]: copies files, or its input, to its output. */
#include "lib.h"

static int copy(const char *name, int fd)
{
    static char buffer[2048];
    long n;

    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        if (write_all(1, buffer, (size_t)n))
            return 1;
    if (n < 0)
        dprintf(2, "cat: %s: %s\n", name, error_text(n));
    return n < 0;
}

int main(int argc, char **argv)
{
    int bad = 0;

    if (argc < 2)
        return copy("input", 0);
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i]);

        if (fd < 0) {
            dprintf(2, "cat: %s: %s\n", argv[i], error_text(fd));
            bad = 1;
            continue;
        }
        bad |= copy(argv[i], fd);
        close(fd);
    }
    return bad;
}
