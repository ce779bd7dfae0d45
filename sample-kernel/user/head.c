/* SPDX-License-Identifier: MIT */
/* head [N]: the first N (10) lines of its input. Then it ends, and who writes to it gets a broken pipe. */
#include "lib.h"

int main(int argc, char **argv)
{
    static char buffer[512];
    long lines = number_argument(argc, argv, 1, 10, 0, 1000000);
    long n;

    while (lines > 0 && (n = read(0, buffer, sizeof buffer)) > 0) {
        size_t size = 0;

        while (size < (size_t)n && lines > 0)
            lines -= buffer[size++] == '\n';
        if (write_all(1, buffer, size))
            return 1;
    }
    return 0;
}
