/* SPDX-License-Identifier: MIT */
/* Fuzzer of tools/pvrun/options.c and command.c: the input is a command line, its words separated by zero
 * bytes. Built and run by tests/e2e/40-fuzz.sh. */
#include <string.h>

#include "fuzz.h"
#include "tools/pvrun/command.h"
#include "tools/pvrun/options.h"

#define WORDS_MAX 200

/* Each word is an allocation of its own, so that a read behind its end is seen. */
static int split(const uint8_t *data, size_t size, char *argv[WORDS_MAX + 1])
{
    int argc = 0;

    argv[argc++] = strdup("pvrun");
    while (size > 0 && argc < WORDS_MAX) {
        const uint8_t *end = memchr(data, 0, size);
        size_t length = end != NULL ? (size_t)(end - data) : size;
        argv[argc] = malloc(length + 1);
        memcpy(argv[argc], data, length);
        argv[argc++][length] = '\0';
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    argv[argc] = NULL;
    return argc;
}

static void check_options(const struct options *options)
{
    static struct command command;
    char *text;
    size_t size;
    FILE *stream;

    FUZZ_CHECK(options->help || options->version || options->kernel != NULL);
    FUZZ_CHECK(options->memory > 0 && options->qemu_args <= OPTIONS_QEMU_ARGS_MAX);
    if (options->kernel == NULL)
        return;
    command_build(&command, options, "qemu", 3, 4, 5);
    FUZZ_CHECK(command.argc <= COMMAND_ARGS_MAX && command.argv[command.argc] == NULL);
    if (options->qemu_args > 0)
        FUZZ_CHECK(command.argv[command.argc - 1] == options->qemu_arg[options->qemu_args - 1]);
    stream = open_memstream(&text, &size);
    command_print(stream, &command);
    fclose(stream);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct options options;
    char *argv[WORDS_MAX + 1], error[OPTIONS_ERROR_MAX];
    int argc = split(data, size, argv);

    memset(error, 'x', sizeof error);
    if (options_parse(&options, argc, (const char *const *)argv, error))
        check_options(&options);
    else
        FUZZ_CHECK(memchr(error, 0, sizeof error) != NULL && error[0] != '\0');
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return 0;
}
