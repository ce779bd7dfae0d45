/* SPDX-License-Identifier: MIT */
/* The commands that only the shell itself can be: exit, wait and help. In a pipeline or in the background
 * they run in a child like any other command. */
#include "sh.h"

static int builtin_exit(const struct command *command)
{
    long status = shell.status;

    if (command->argc > 1 && !parse_long(command->argv[1], &status)) {
        dprintf(2, "exit: %s is not a number\n", command->argv[1]);
        return 2;
    }
    exit((int)status);
}

static int builtin_wait(const struct command *command)
{
    long pid;
    int status;

    if (command->argc == 1)
        return status_number(job_wait_all());
    if (!parse_long(command->argv[1], &pid) || (status = job_wait((int)pid)) < 0) {
        dprintf(2, "wait: %s is not in the background\n", command->argv[1]);
        return 127;
    }
    return status_number(status);
}

static int builtin_help(const struct command *command)
{
    (void)command;
    printf("commands: the programs in /bin (ls /bin), a path, or: exit [STATUS]  help  wait [PID]\n"
           "line:     a | b   a ; b   a && b   a || b   a &   a < FILE   'text' \"text\"   # comment\n"
           "values:   $? status of the last command (128 + vector after an exception, 255 after kill)\n"
           "          $! pid of the last background command\n");
    return 0;
}

builtin_fn *builtin_find(const char *name)
{
    static const struct {
        const char *name;
        builtin_fn *function;
    } builtins[] = {{"exit", builtin_exit}, {"help", builtin_help}, {"wait", builtin_wait}};

    for (size_t i = 0; i < COUNT_OF(builtins); i++)
        if (strcmp(name, builtins[i].name) == 0)
            return builtins[i].function;
    return NULL;
}
