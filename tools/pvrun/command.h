/* SPDX-License-Identifier: MIT */
/** @file
 * The command line of QEMU for a native kernel. A pure function of the options and three descriptor numbers.
 */
#ifndef PVRUN_COMMAND_H
#define PVRUN_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "options.h"

#define COMMAND_ARGS_MAX (64 + OPTIONS_QEMU_ARGS_MAX)

struct command {
    char *argv[COMMAND_ARGS_MAX + 1]; /**< NULL at the end */
    size_t argc;
    size_t used;
    char text[1024]; /**< the arguments that are made here; the others belong to the options */
};

/** `console`, `control` and `monitor` are stream sockets that QEMU inherits. */
void command_build(struct command *command, const struct options *options, const char *qemu, int console,
                   int control, int monitor);

/** One line that a shell would read as the same words. */
void command_print(FILE *stream, const struct command *command);

#endif
