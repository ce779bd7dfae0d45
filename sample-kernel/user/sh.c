/* SPDX-License-Identifier: MIT */
/* sh [SCRIPT | -c COMMAND]: a small shell. This file reads lines: from the console with a prompt, or from a
 * script, where each line is printed before it is run, so that the output reads like a session. What a line
 * means is in parse.c, how it is run in run.c. The status is that of the last command, or what exit says. */
#include "sh.h"

struct shell shell;

#define LINE_END (-1)
#define LINE_TOO_LONG (-2)

/* Reads a line without its end, byte by byte: what is behind it belongs to the commands that it starts. */
static int read_line(int fd, char *line, size_t size)
{
    size_t used = 0;
    char c = 0;

    while (read(fd, &c, 1) == 1) {
        if (c == '\n')
            break;
        if (used < size)
            line[used] = c;
        used++;
    }
    if (c != '\n' && used == 0)
        return LINE_END;
    if (used >= size)
        return LINE_TOO_LONG;
    line[used] = '\0';
    return 0;
}

static bool is_empty(const char *line)
{
    while (*line == ' ' || *line == '\t')
        line++;
    return *line == '\0';
}

static void handle_line(const char *line)
{
    if (is_empty(line))
        return;
    if (!shell.interactive)
        printf("%s%s\n", *line == '#' ? "" : "$ ", line);
    run_line(line);
}

static void read_lines(void)
{
    static char line[MAX_LINE];
    int got;

    for (;;) {
        if (shell.interactive) {
            job_reap();
            write_all(1, "$ ", 2);
        }
        got = read_line(shell.script, line, sizeof line);
        if (got == LINE_END)
            break;
        if (got == LINE_TOO_LONG) {
            dprintf(2, "sh: line too long\n");
            shell.status = 2;
            continue;
        }
        handle_line(line);
    }
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "-c") == 0) {
        run_line(argv[2]);
        return shell.status;
    }
    if (argc > 1) {
        shell.script = open(argv[1]);
        if (shell.script < 0)
            die("sh: %s: %s\n", argv[1], error_text(shell.script));
    }
    shell.interactive = argc == 1;
    read_lines();
    if (shell.interactive)
        printf("exit\n");
    return shell.status;
}
