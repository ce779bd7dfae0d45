/* SPDX-License-Identifier: MIT */
/* The options of pvrun (options.h). One table describes them all; values come as "--opt value" or
 * "--opt=value", for -m also as "-mVALUE". Kernel and options may come in any order, "--" ends the options.
 * An option given twice: the last one counts. Called by main.c; read that next. */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/text.h"

#define MEMORY_DEFAULT (128ULL << 20)

const char options_help[] =
    "Usage: pvrun [OPTION]... KERNEL.elf\n"
    "Run a kernel built with pvops for the posix or native backend. Its console is on this terminal.\n"
    "\n"
    "  -m, --memory SIZE     RAM of the guest: bytes, or with K, M, G (default 128M)\n"
    "      --append STRING   kernel command line\n"
    "      --initrd FILE     file the kernel gets as a module\n"
    "      --timeout SECONDS end the run after this wall-clock time (fractions allowed)\n"
    "      --no-input        leave standard input alone\n"
    "      --verbose         tell what is started, and how\n"
    "  -h, --help            this text\n"
    "  -V, --version         version of pvrun\n"
    "\n"
    "For kernels of the native backend only, which run in QEMU:\n"
    "      --machine NAME    microvm (default), q35 or pc; may have properties of QEMU's: microvm,acpi=off\n"
    "      --cpu MODEL       CPU model, for example max or EPYC\n"
    "      --icount          count instructions instead of time: two runs are identical\n"
    "      --qemu PATH       QEMU to use (default: $PVRUN_QEMU, then qemu-system-x86_64)\n"
    "      --qemu-arg ARG    one more argument for QEMU; may be given several times\n"
    "\n"
    "Keys, when standard input is a terminal: Ctrl-A x leaves, Ctrl-A h helps, Ctrl-A Ctrl-A sends Ctrl-A.\n"
    "\n"
    "Exit status: that of the guest (0 to 255), or\n"
    "   64  wrong options\n"
    "   65  not a kernel image, or one of another ABI version or backend\n"
    "   66  a file cannot be opened\n"
    "   69  something is missing on this machine (QEMU, memory, a feature of its kernel)\n"
    "   70  the guest crashed; the report is on standard error\n"
    "   71  a system call failed, or the output could not be written\n"
    "  124  --timeout ended the run\n"
    "  130  you ended the run (Ctrl-A x, SIGINT); other signals: 128 + number (SIGTERM 143)\n";

enum kind { FLAG, TEXT, FILE_NAME, SIZE, SECONDS, LIST };

struct spec {
    const char *name;
    char letter;
    enum kind kind;
    size_t offset;    /* of the field in struct options */
    bool native_only; /* says how QEMU runs it */
};

static const struct spec specs[] = {
    {"memory", 'm', SIZE, offsetof(struct options, memory), false},
    {"append", 0, TEXT, offsetof(struct options, append), false},
    {"initrd", 0, FILE_NAME, offsetof(struct options, initrd), false},
    {"timeout", 0, SECONDS, offsetof(struct options, timeout), false},
    {"machine", 0, FILE_NAME, offsetof(struct options, machine), true},
    {"cpu", 0, FILE_NAME, offsetof(struct options, cpu), true},
    {"icount", 0, FLAG, offsetof(struct options, icount), true},
    {"qemu", 0, FILE_NAME, offsetof(struct options, qemu), true},
    {"qemu-arg", 0, LIST, 0, true},
    {"no-input", 0, FLAG, offsetof(struct options, no_input), false},
    {"verbose", 0, FLAG, offsetof(struct options, verbose), false},
    {"help", 'h', FLAG, offsetof(struct options, help), false},
    {"version", 'V', FLAG, offsetof(struct options, version), false},
};

__attribute__((format(printf, 2, 3))) static bool fail(char *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, OPTIONS_ERROR_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* The option an argument names, and where its attached value starts (NULL: none attached). */
static const struct spec *find(const char *argument, const char **value)
{
    bool is_long = argument[1] == '-';
    size_t length = strcspn(argument + 2, "=");

    *value = NULL;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        const struct spec *spec = &specs[i];
        if (is_long && strlen(spec->name) == length && memcmp(spec->name, argument + 2, length) == 0) {
            if (argument[2 + length] == '=')
                *value = argument + 2 + length + 1;
            return spec;
        }
        if (!is_long && spec->letter != 0 && argument[1] == spec->letter) {
            if (argument[2] != '\0')
                *value = argument + 2 + (argument[2] == '=');
            return spec;
        }
    }
    return NULL;
}

static bool store(struct options *options, const struct spec *spec, const char *value, char *error)
{
    void *field = (char *)options + spec->offset;

    switch (spec->kind) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case FILE_NAME:
        if (value[0] == '\0')
            return fail(error, "--%s needs a value that is not empty", spec->name);
        *(const char **)field = value;
        return true;
    case TEXT:
        *(const char **)field = value;
        return true;
    case SIZE:
        if (!text_parse_size(value, field) || *(uint64_t *)field == 0)
            return fail(error, "--%s %.60s: not a size (for example 128M)", spec->name, value);
        return true;
    case SECONDS:
        if (!text_parse_seconds(value, field) || *(uint64_t *)field == 0)
            return fail(error, "--%s %.60s: not a time in seconds (for example 2.5)", spec->name, value);
        return true;
    case LIST:
        if (options->qemu_args == OPTIONS_QEMU_ARGS_MAX)
            return fail(error, "--%s: more than %d of them", spec->name, OPTIONS_QEMU_ARGS_MAX);
        options->qemu_arg[options->qemu_args++] = value;
        return true;
    }
    return false;
}

/* One option at argv[*at]; moves *at over a value that is an argument of its own. */
static bool take_option(struct options *options, int argc, const char *const argv[], int *at, char *error)
{
    const char *value;
    const struct spec *spec = find(argv[*at], &value);

    if (spec == NULL)
        return fail(error, "unknown option %.80s", argv[*at]);
    if (spec->kind == FLAG && value != NULL)
        return fail(error, "--%s takes no value: %.80s", spec->name, argv[*at]);
    if (spec->kind != FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return fail(error, "--%s needs a value", spec->name);
        value = argv[++*at];
    }
    if (spec->native_only)
        options->native_only = spec->name;
    return store(options, spec, value, error);
}

static bool check(const struct options *options, char *error)
{
    static const char *const machines[] = {"microvm", "q35", "pc"};
    size_t length = strcspn(options->machine, ",");

    if (options->help || options->version)
        return true;
    if (options->kernel == NULL)
        return fail(error, "no kernel given");
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (strlen(machines[i]) == length && memcmp(machines[i], options->machine, length) == 0)
            return true;
    return fail(error, "--machine %.60s: not one of microvm, q35, pc", options->machine);
}

bool options_parse(struct options *options, int argc, const char *const argv[], char error[OPTIONS_ERROR_MAX])
{
    bool only_names = false;

    memset(options, 0, sizeof *options);
    options->append = "";
    options->machine = "microvm";
    options->memory = MEMORY_DEFAULT;
    for (int i = 1; i < argc; i++) {
        if (!only_names && strcmp(argv[i], "--") == 0) {
            only_names = true;
        } else if (!only_names && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(options, argc, argv, &i, error))
                return false;
        } else if (options->kernel != NULL) {
            return fail(error, "two kernels given: %.60s and %.60s", options->kernel, argv[i]);
        } else if (argv[i][0] == '\0') {
            return fail(error, "the name of the kernel is empty");
        } else {
            options->kernel = argv[i];
        }
    }
    return check(options, error);
}
