/* SPDX-License-Identifier: MIT */
/* echo [-n] [WORD...]: prints its arguments. The line is put together first and written by one call, so that
 * it stays whole beside other programs. */
#include "lib.h"

int main(int argc, char **argv)
{
    static char line[ARGS_MAX + 1]; /* holds all arguments there can be */
    bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    size_t used = 0;

    for (int i = newline ? 1 : 2; i < argc; i++) {
        size_t length = strlen(argv[i]);

        memcpy(line + used, argv[i], length);
        used += length;
        if (i + 1 < argc)
            line[used++] = ' ';
    }
    if (newline)
        line[used++] = '\n';
    return write_all(1, line, used) != 0;
}
