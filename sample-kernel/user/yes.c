/* SPDX-License-Identifier: MIT */
/* yes [WORD [COUNT]]: prints a word again and again, until nobody reads it any more (or COUNT times). */
#include "lib.h"

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "y";
    long count = number_argument(argc, argv, 2, 0, 1, 1000000000);
    char line[128];
    int length = snprintf(line, sizeof line, "%s\n", word);

    if (length >= (int)sizeof line)
        die("yes: the word is too long\n");
    for (long i = 0; count == 0 || i < count; i++)
        if (write_all(1, line, (size_t)length))
            return 1;
    return 0;
}
