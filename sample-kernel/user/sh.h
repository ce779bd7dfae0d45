/* SPDX-License-Identifier: MIT */
/* The shell's parts: parse.c makes pipelines of text, run.c runs them, jobs.c keeps those in the background,
 * sh.c reads the lines. */
#ifndef USER_SH_H
#define USER_SH_H

#include "lib.h"

#define MAX_WORDS 24   /* in a command */
#define MAX_COMMANDS 6 /* in a pipeline */
#define MAX_LINE 512   /* bytes, before and after the expansion of variables */

struct command {
    const char *argv[MAX_WORDS + 1]; /* ends with NULL */
    int argc;
    const char *input; /* file behind `<`, or NULL */
};

/* What stands behind a pipeline. */
enum after { AFTER_END, AFTER_SEMICOLON, AFTER_BACKGROUND, AFTER_AND, AFTER_OR };

struct pipeline {
    struct command commands[MAX_COMMANDS];
    int count; /* 0: nothing there */
    enum after after;
    char text[MAX_LINE]; /* the words */
    size_t used;         /* bytes of text */
};

/* The shell's state. */
struct shell {
    bool interactive;
    int script;     /* descriptor of the script, or 0 */
    int status;     /* of the last foreground pipeline: $? */
    int background; /* pid of the last background pipeline: $! */
};

extern struct shell shell;

/* parse.c: reads one pipeline and moves the cursor behind it; false after a message. */
bool parse_pipeline(const char **cursor, struct pipeline *pipeline);

/* run.c: runs a whole line, whose status is then shell.status. */
void run_line(const char *line);

/* builtin.c: NULL if there is no builtin of that name. */
typedef int builtin_fn(const struct command *command);
builtin_fn *builtin_find(const char *name);

/* jobs.c: what runs in the background. */
void job_add(int pid);
int job_wait(int pid);  /* its status, or -ECHILD */
int job_wait_all(void); /* status of the last one */
void job_reap(void);    /* notes and reports those that have ended, without waiting */

/* 0..255 for $?: exceptions become 128 + vector, kill 255. */
int status_number(int status);

#endif
