/* SPDX-License-Identifier: MIT */
/* wc [FILE]: counts lines, words and bytes of a file or of its input. */
#include "lib.h"

struct counts {
    unsigned long lines, words, bytes;
};

static void count(struct counts *c, const char *text, size_t size, bool *in_word)
{
    for (size_t i = 0; i < size; i++) {
        bool blank = text[i] == ' ' || text[i] == '\t' || text[i] == '\n';

        c->lines += text[i] == '\n';
        c->words += !blank && !*in_word;
        *in_word = !blank;
    }
    c->bytes += size;
}

int main(int argc, char **argv)
{
    static char buffer[2048];
    struct counts c = {0, 0, 0};
    bool in_word = false;
    int fd = argc > 1 ? open(argv[1]) : 0;
    long n;

    if (fd < 0)
        die("wc: %s: %s\n", argv[1], error_text(fd));
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        count(&c, buffer, (size_t)n, &in_word);
    if (n < 0)
        die("wc: %s\n", error_text(n));
    printf("%lu %lu %lu\n", c.lines, c.words, c.bytes);
    return 0;
}
